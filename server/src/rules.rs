//! From what was given to the parameters of the chosen rule.

use std::fmt;

use emanate::spread::{
    ActR, DEFAULT_ITERATIONS_MAX, DEFAULT_TOLERANCE, Inhibit, Linear, PageRank, PageRankMethod,
    Retention, Rule, Squash, Synapse,
};
use emanate::terms::Key;

use crate::args::{QueryArgs, RuleArgs, RuleName};
use crate::query::{KEYS, Owned, Spelling};

/// Why the parameters do not make a rule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum RuleError {
    /// A parameter was given that the chosen rule does not have.
    Foreign {
        /// The parameter's key.
        key: &'static str,
        /// Its value, where other values are every rule's.
        word: Option<&'static str>,
        /// The chosen rule.
        rule: RuleName,
        /// The rules that have it.
        owners: &'static [RuleName],
    },
    /// Parameters of power iteration and of push were given together.
    PowerAndPush {
        /// The key of the one of power iteration.
        key: &'static str,
    },
}

impl RuleError {
    /// Says what is wrong in one sentence, with names of parameters in this spelling.
    pub(crate) fn write(&self, f: &mut fmt::Formatter<'_>, spelling: Spelling) -> fmt::Result {
        match self {
            Self::Foreign { key, word, rule, owners } => {
                let given = match word {
                    None => spelling.name(key),
                    Some(word) => spelling.with_word(key, word),
                };
                write!(f, "rule {} has no {given}, which belongs to ", rule.name())?;
                f.write_str(if owners.len() > 1 { "rules " } else { "rule " })?;
                for (position, owner) in owners.iter().enumerate() {
                    f.write_str(match position {
                        0 => "",
                        _ if position + 1 == owners.len() => " and ",
                        _ => ", ",
                    })?;
                    f.write_str(owner.name())?;
                }
                let (noun, rule) = (spelling.noun(), spelling.name("rule"));
                write!(f, "; leave the {noun} out or choose another {rule}")
            }
            Self::PowerAndPush { key } => write!(
                f,
                "{} computes pagerank by push, but {} belongs to power iteration; give one of them",
                spelling.name("epsilon"),
                spelling.name(key)
            ),
        }
    }
}

/// The rule that `query` names with the parameters it gives, the library's defaults for the others.
/// `per_node` is what its retention file holds.
///
/// # Errors
/// [`RuleError`] where a parameter was given that the rule does not have. Ranges are checked by the
/// library, when the spread begins.
pub(crate) fn rule(query: &QueryArgs, per_node: Vec<(Key, f64)>) -> Result<Rule, RuleError> {
    refuse_foreign(query)?;
    let args = &query.parameters;
    Ok(match query.rule {
        RuleName::Linear => Rule::Linear(linear(args)),
        RuleName::Retention => Rule::Retention(retention(args, per_node)),
        RuleName::Pagerank => Rule::PageRank(pagerank(args)?),
        RuleName::ActR => Rule::ActR(act_r(args)),
        RuleName::Synapse => Rule::Synapse(synapse(args)),
    })
}

/// Refuses the first parameter that was given and that the rule does not have.
///
/// # Errors
/// [`RuleError::Foreign`].
fn refuse_foreign(query: &QueryArgs) -> Result<(), RuleError> {
    let rule = query.rule;
    for key in &KEYS {
        if let Some(Owned { owners, is_given, word }) = &key.owned
            && is_given(query)
            && !owners.contains(&rule)
        {
            return Err(RuleError::Foreign { key: key.name, word: *word, rule, owners });
        }
    }
    Ok(())
}

fn linear(args: &RuleArgs) -> Linear {
    let default = Linear::default();
    Linear {
        hops: args.hops.unwrap_or(default.hops),
        hop_decay: args.decay.unwrap_or(default.hop_decay),
        firing_threshold: args.threshold.unwrap_or(default.firing_threshold),
        report_threshold: args.report_threshold.unwrap_or(default.report_threshold),
        share: args.share.map_or(default.share, Into::into),
        combine: args.combine.map_or(default.combine, Into::into),
        firing: args.firing.map_or(default.firing, Into::into),
        ceiling: args.ceiling.or(default.ceiling),
        fan_out_limit: args.fan_out_limit.or(default.fan_out_limit),
        inhibit: args.inhibit.or(default.inhibit),
        squash: args.squash.or(default.squash),
        precision: args.precision.map_or(default.precision, Into::into),
    }
}

fn retention(args: &RuleArgs, per_node: Vec<(Key, f64)>) -> Retention {
    let default = Retention::default();
    Retention {
        retention: args.retention.unwrap_or(default.retention),
        per_node,
        time: args.time.map_or(default.time, |steps| steps.0),
        time_decay: args.decay.unwrap_or(default.time_decay),
        suppress: args.suppress.unwrap_or(default.suppress),
        stop_threshold: args.stop_threshold.or(default.stop_threshold),
    }
}

fn pagerank(args: &RuleArgs) -> Result<PageRank, RuleError> {
    let method = match args.epsilon {
        None => PageRankMethod::Power {
            tolerance: args.tolerance.unwrap_or(DEFAULT_TOLERANCE),
            iterations_max: args.max_iterations.unwrap_or(DEFAULT_ITERATIONS_MAX),
        },
        Some(_) if args.tolerance.is_some() => {
            return Err(RuleError::PowerAndPush { key: "tolerance" });
        }
        Some(_) if args.max_iterations.is_some() => {
            return Err(RuleError::PowerAndPush { key: "max_iterations" });
        }
        Some(epsilon) => PageRankMethod::Push { epsilon },
    };
    Ok(PageRank { damping: args.damping.unwrap_or(PageRank::default().damping), method })
}

fn act_r(args: &RuleArgs) -> ActR {
    let default = ActR::default();
    ActR {
        source_strength: args.source_strength.unwrap_or(default.source_strength),
        source_activation: args.source_activation.unwrap_or(default.source_activation),
        base_level: args.base_level.unwrap_or(default.base_level),
        latency_factor: args.latency_factor.unwrap_or(default.latency_factor),
        intercept: args.intercept.unwrap_or(default.intercept),
        report_threshold: args.report_threshold.or(default.report_threshold),
    }
}

fn synapse(args: &RuleArgs) -> Synapse {
    let default = Synapse::default();
    Synapse {
        steps: args.steps.unwrap_or(default.steps),
        time_decay: args.decay.unwrap_or(default.time_decay),
        spread: args.spread.unwrap_or(default.spread),
        inhibit: Inhibit {
            beta: args.inhibition.unwrap_or(default.inhibit.beta),
            competitors: args.competitors.unwrap_or(default.inhibit.competitors),
        },
        squash: Squash {
            gain: args.gain.unwrap_or(default.squash.gain),
            center: args.center.unwrap_or(default.squash.center),
        },
        gate: args.gate.unwrap_or(default.gate),
    }
}

#[cfg(test)]
mod tests {
    use clap::{Args, Command, FromArgMatches, ValueEnum};
    use emanate::spread::{Hops, Share};

    use super::*;

    fn parsed(rule: RuleName, flags: &[&str]) -> QueryArgs {
        let command = QueryArgs::augment_args(Command::new("test").no_binary_name(true));
        let flags = ["--seed", "a"].iter().chain(flags);
        let args = QueryArgs::from_arg_matches(&command.get_matches_from(flags)).unwrap();
        QueryArgs { rule, ..args }
    }

    fn made(rule: RuleName, flags: &[&str]) -> Result<Rule, RuleError> {
        super::rule(&parsed(rule, flags), Vec::new())
    }

    #[test]
    fn no_flags_are_the_defaults_of_the_library() {
        let rules = [
            Rule::Linear(Linear::default()),
            Rule::Retention(Retention::default()),
            Rule::PageRank(PageRank::default()),
            Rule::ActR(ActR::default()),
            Rule::Synapse(Synapse::default()),
        ];
        for (name, expected) in RuleName::value_variants().iter().zip(rules) {
            let made = made(*name, &[]).unwrap();
            assert_eq!(made, expected);
            assert_eq!(made.name(), name.name());
            assert_eq!(name.to_possible_value().unwrap().get_name(), name.name());
        }
    }

    #[test]
    fn each_flag_is_refused_by_every_rule_that_does_not_have_it() {
        let values = [
            ("precision", "single"),
            ("share", "log"),
            ("combine", "max"),
            ("firing", "once"),
            ("inhibit", "1,1"),
            ("squash", "1,1"),
        ];
        for key in &KEYS {
            let Some(owned) = &key.owned else { continue };
            let listed = values.iter().find(|(name, _)| *name == key.name).map(|listed| listed.1);
            let flags = [&Spelling::Flag.name(key.name), listed.unwrap_or("37")];
            for name in RuleName::value_variants() {
                let made = made(*name, &flags);
                assert_eq!(made.is_ok(), owned.owners.contains(name), "{flags:?} {name:?}");
                // No default is 37, so a flag that is taken and forgotten shows here. The file is
                // read elsewhere.
                if key.name != "retention_file" {
                    assert_ne!(made, super::tests::made(*name, &[]), "{flags:?} does nothing");
                }
            }
        }
    }

    #[test]
    fn double_precision_is_every_rules() {
        for name in RuleName::value_variants() {
            let double = made(*name, &["--precision", "double"]);
            assert_eq!(double, made(*name, &[]));
            assert!(double.is_ok(), "{name:?}");
        }
    }

    #[test]
    fn a_foreign_parameter_is_named_with_its_owners() {
        let said =
            |error: RuleError, spelling| fmt::from_fn(|f| error.write(f, spelling)).to_string();
        let error = made(RuleName::Pagerank, &["--decay", "0.5"]).unwrap_err();
        assert_eq!(
            said(error.clone(), Spelling::Flag),
            "rule pagerank has no --decay, which belongs to rules linear, retention and synapse; \
             leave the flag out or choose another --rule"
        );
        assert_eq!(
            said(error, Spelling::Key),
            "rule pagerank has no \"decay\", which belongs to rules linear, retention and \
             synapse; leave the key out or choose another \"rule\""
        );
        let error = made(RuleName::ActR, &["--precision", "single"]).unwrap_err();
        let said = said(error, Spelling::Key);
        assert!(said.contains("no \"precision\": \"single\", which belongs to rule linear;"));
    }

    #[test]
    fn one_flag_means_what_its_rule_says() {
        let flags = ["--decay", "0.25", "--hops", "auto", "--share", "weight"];
        let Ok(Rule::Linear(linear)) = made(RuleName::Linear, &flags) else {
            panic!("linear has these flags");
        };
        assert_eq!((linear.hop_decay, linear.hops), (0.25, Hops::Auto));
        assert_eq!(linear.share, Share::Weight);

        let flags = ["--decay", "0.25", "--time", "none", "--stop-threshold", "1e-3"];
        let Ok(Rule::Retention(retention)) = made(RuleName::Retention, &flags) else {
            panic!("retention has these flags");
        };
        assert_eq!((retention.time_decay, retention.time), (0.25, None));
        assert_eq!(retention.stop_threshold, Some(1e-3));
    }

    #[test]
    fn power_and_push_exclude_each_other() {
        for key in ["tolerance", "max_iterations"] {
            let flags = ["--epsilon", "1e-6", &Spelling::Flag.name(key), "1"];
            let error = made(RuleName::Pagerank, &flags).unwrap_err();
            assert_eq!(error, RuleError::PowerAndPush { key });
        }
        let Ok(Rule::PageRank(made)) = made(RuleName::Pagerank, &["--epsilon", "1e-6"]) else {
            panic!("pagerank has this flag");
        };
        assert_eq!(made.method, PageRankMethod::Push { epsilon: 1e-6 });
    }
}
