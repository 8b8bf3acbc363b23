//! Any small graph and any request: the kernels give what the oracle gives.
#![no_main]

use emanate::{Engine, Graph};
use emanate_fuzz::draw::Case;
use emanate_tests::agreement::{Arithmetic, compare};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|case: Case| {
    let graph = Graph::from(case.graph.generation()).snapshot();
    let request = case.request.request(case.graph.nodes);
    if let Err(difference) = compare(&Engine::new(), &graph, &request, Arithmetic::Rounds) {
        panic!("{difference}");
    }
});
