//! From flags to the parameters of the chosen rule.

use std::fmt;

use emanate::spread::{
    ActR, DEFAULT_ITERATIONS_MAX, DEFAULT_TOLERANCE, Inhibit, Linear, PageRank, PageRankMethod,
    Retention, Rule, Squash, Synapse,
};
use emanate::terms::Key;

use crate::args::{PrecisionName, RuleArgs, RuleName};

/// Why the flags do not make a rule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum RuleError {
    /// A flag was given that the chosen rule does not have.
    ForeignFlag {
        /// The flag, without its dashes; with its value where other values are every rule's.
        flag: &'static str,
        /// The chosen rule.
        rule: RuleName,
        /// The rules that have it.
        owners: &'static [RuleName],
    },
    /// Flags of power iteration and of push were given together.
    PowerAndPush {
        /// The flag of power iteration.
        flag: &'static str,
    },
}

impl fmt::Display for RuleError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::ForeignFlag { flag, rule, owners } => {
                write!(f, "rule {} has no --{flag}, which belongs to ", rule.name())?;
                f.write_str(if owners.len() > 1 { "rules " } else { "rule " })?;
                for (position, owner) in owners.iter().enumerate() {
                    f.write_str(match position {
                        0 => "",
                        _ if position + 1 == owners.len() => " and ",
                        _ => ", ",
                    })?;
                    f.write_str(owner.name())?;
                }
                f.write_str("; leave the flag out or choose another --rule")
            }
            Self::PowerAndPush { flag } => write!(
                f,
                "--epsilon computes pagerank by push, but --{flag} belongs to power iteration; \
                 give one of them"
            ),
        }
    }
}

impl std::error::Error for RuleError {}

/// The rule called `name` with the parameters in `args`, the library's defaults for the others.
/// `per_node` is what `--retention-file` holds.
///
/// # Errors
/// [`RuleError`] where a flag was given that the rule does not have. Ranges are checked by the
/// library, when the spread begins.
pub(crate) fn rule(
    name: RuleName,
    args: &RuleArgs,
    per_node: Vec<(Key, f64)>,
) -> Result<Rule, RuleError> {
    refuse_foreign(name, args)?;
    Ok(match name {
        RuleName::Linear => Rule::Linear(linear(args)),
        RuleName::Retention => Rule::Retention(retention(args, per_node)),
        RuleName::Pagerank => Rule::PageRank(pagerank(args)?),
        RuleName::ActR => Rule::ActR(act_r(args)),
        RuleName::Synapse => Rule::Synapse(synapse(args)),
    })
}

/// Refuses the first flag that was given and that the rule called `name` does not have.
///
/// # Errors
/// [`RuleError::ForeignFlag`].
fn refuse_foreign(name: RuleName, args: &RuleArgs) -> Result<(), RuleError> {
    let foreign = flags(args).into_iter().find(|flag| flag.given && !flag.owners.contains(&name));
    match foreign {
        Some(Flag { name: flag, owners, .. }) => {
            Err(RuleError::ForeignFlag { flag, rule: name, owners })
        }
        None => Ok(()),
    }
}

/// A flag, whether it was given, and the rules that have it.
struct Flag {
    /// With a value where only that value belongs to some rules alone.
    name: &'static str,
    given: bool,
    owners: &'static [RuleName],
}

/// The one table of which rule has which flag.
fn flags(args: &RuleArgs) -> Vec<Flag> {
    const LINEAR: &[RuleName] = &[RuleName::Linear];
    const RETENTION: &[RuleName] = &[RuleName::Retention];
    const PAGERANK: &[RuleName] = &[RuleName::Pagerank];
    const ACT_R: &[RuleName] = &[RuleName::ActR];
    const SYNAPSE: &[RuleName] = &[RuleName::Synapse];
    const WITH_DECAY: &[RuleName] = &[RuleName::Linear, RuleName::Retention, RuleName::Synapse];
    const WITH_REPORT_THRESHOLD: &[RuleName] = &[RuleName::Linear, RuleName::ActR];

    let flag = |name, given, owners| Flag { name, given, owners };
    vec![
        flag("decay", args.decay.is_some(), WITH_DECAY),
        flag("report-threshold", args.report_threshold.is_some(), WITH_REPORT_THRESHOLD),
        flag("hops", args.hops.is_some(), LINEAR),
        flag("threshold", args.threshold.is_some(), LINEAR),
        flag("share", args.share.is_some(), LINEAR),
        flag("combine", args.combine.is_some(), LINEAR),
        flag("firing", args.firing.is_some(), LINEAR),
        flag("ceiling", args.ceiling.is_some(), LINEAR),
        flag("fan-out-limit", args.fan_out_limit.is_some(), LINEAR),
        flag("inhibit", args.inhibit.is_some(), LINEAR),
        flag("squash", args.squash.is_some(), LINEAR),
        flag("precision single", args.precision == Some(PrecisionName::Single), LINEAR),
        flag("retention", args.retention.is_some(), RETENTION),
        flag("retention-file", args.retention_file.is_some(), RETENTION),
        flag("time", args.time.is_some(), RETENTION),
        flag("suppress", args.suppress.is_some(), RETENTION),
        flag("stop-threshold", args.stop_threshold.is_some(), RETENTION),
        flag("damping", args.damping.is_some(), PAGERANK),
        flag("tolerance", args.tolerance.is_some(), PAGERANK),
        flag("max-iterations", args.max_iterations.is_some(), PAGERANK),
        flag("epsilon", args.epsilon.is_some(), PAGERANK),
        flag("source-strength", args.source_strength.is_some(), ACT_R),
        flag("source-activation", args.source_activation.is_some(), ACT_R),
        flag("base-level", args.base_level.is_some(), ACT_R),
        flag("latency-factor", args.latency_factor.is_some(), ACT_R),
        flag("intercept", args.intercept.is_some(), ACT_R),
        flag("steps", args.steps.is_some(), SYNAPSE),
        flag("spread", args.spread.is_some(), SYNAPSE),
        flag("inhibition", args.inhibition.is_some(), SYNAPSE),
        flag("competitors", args.competitors.is_some(), SYNAPSE),
        flag("gain", args.gain.is_some(), SYNAPSE),
        flag("center", args.center.is_some(), SYNAPSE),
        flag("gate", args.gate.is_some(), SYNAPSE),
    ]
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
            return Err(RuleError::PowerAndPush { flag: "tolerance" });
        }
        Some(_) if args.max_iterations.is_some() => {
            return Err(RuleError::PowerAndPush { flag: "max-iterations" });
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

    fn parsed(flags: &[&str]) -> RuleArgs {
        let command = RuleArgs::augment_args(Command::new("test").no_binary_name(true));
        RuleArgs::from_arg_matches(&command.get_matches_from(flags)).unwrap()
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
            let made = rule(*name, &RuleArgs::default(), Vec::new()).unwrap();
            assert_eq!(made, expected);
            assert_eq!(made.name(), name.name());
            assert_eq!(name.to_possible_value().unwrap().get_name(), name.name());
        }
    }

    /// A flag of the table and the value it stands there with.
    fn typed(name: &str) -> (&str, Option<&str>) {
        name.split_once(' ').map_or((name, None), |(flag, value)| (flag, Some(value)))
    }

    #[test]
    fn every_flag_is_in_the_table_once() {
        let command = RuleArgs::augment_args(Command::new("test"));
        let mut of_clap: Vec<_> =
            command.get_arguments().filter_map(|arg| arg.get_long()).collect();
        let mut of_table: Vec<_> =
            flags(&RuleArgs::default()).iter().map(|flag| typed(flag.name).0).collect();
        of_clap.sort_unstable();
        of_table.sort_unstable();
        assert_eq!(of_clap, of_table);
    }

    #[test]
    fn each_flag_is_refused_by_every_rule_that_does_not_have_it() {
        let values = [
            ("share", "log"),
            ("combine", "max"),
            ("firing", "once"),
            ("inhibit", "1,1"),
            ("squash", "1,1"),
        ];
        for flag in flags(&RuleArgs::default()) {
            let (long, value) = typed(flag.name);
            let listed = values.iter().find(|(name, _)| *name == long).map(|listed| listed.1);
            let args = parsed(&[&format!("--{long}"), value.or(listed).unwrap_or("37")]);
            for name in RuleName::value_variants() {
                let made = rule(*name, &args, Vec::new());
                assert_eq!(made.is_ok(), flag.owners.contains(name), "--{} {name:?}", flag.name);
                // No default is 37, so a flag that is taken and forgotten shows here. The file is
                // read elsewhere.
                if flag.name != "retention-file" {
                    let default = rule(*name, &RuleArgs::default(), Vec::new()).unwrap();
                    assert_ne!(made, Ok(default), "--{} does nothing", flag.name);
                }
            }
        }
    }

    #[test]
    fn double_precision_is_every_rules() {
        for name in RuleName::value_variants() {
            let made = rule(*name, &parsed(&["--precision", "double"]), Vec::new());
            assert_eq!(made, rule(*name, &RuleArgs::default(), Vec::new()));
            assert!(made.is_ok(), "{name:?}");
        }
    }

    #[test]
    fn a_foreign_flag_is_named_with_its_owners() {
        let error = rule(RuleName::Pagerank, &parsed(&["--decay", "0.5"]), Vec::new());
        assert_eq!(
            error.unwrap_err().to_string(),
            "rule pagerank has no --decay, which belongs to rules linear, retention and synapse; \
             leave the flag out or choose another --rule"
        );
        let error = rule(RuleName::Linear, &parsed(&["--gate", "0.5"]), Vec::new());
        assert!(error.unwrap_err().to_string().contains("which belongs to rule synapse;"));
    }

    #[test]
    fn one_flag_means_what_its_rule_says() {
        let args = parsed(&["--decay", "0.25", "--hops", "auto", "--share", "weight"]);
        let Ok(Rule::Linear(linear)) = rule(RuleName::Linear, &args, Vec::new()) else {
            panic!("linear has these flags");
        };
        assert_eq!((linear.hop_decay, linear.hops), (0.25, Hops::Auto));
        assert_eq!(linear.share, Share::Weight);

        let args = parsed(&["--decay", "0.25", "--time", "none", "--stop-threshold", "1e-3"]);
        let Ok(Rule::Retention(retention)) = rule(RuleName::Retention, &args, Vec::new()) else {
            panic!("retention has these flags");
        };
        assert_eq!((retention.time_decay, retention.time), (0.25, None));
        assert_eq!(retention.stop_threshold, Some(1e-3));
    }

    #[test]
    fn power_and_push_exclude_each_other() {
        for flag in ["tolerance", "max-iterations"] {
            let args = parsed(&["--epsilon", "1e-6", &format!("--{flag}"), "1"]);
            let error = rule(RuleName::Pagerank, &args, Vec::new()).unwrap_err();
            assert_eq!(error, RuleError::PowerAndPush { flag });
        }
        let args = parsed(&["--epsilon", "1e-6"]);
        let Ok(Rule::PageRank(made)) = rule(RuleName::Pagerank, &args, Vec::new()) else {
            panic!("pagerank has this flag");
        };
        assert_eq!(made.method, PageRankMethod::Push { epsilon: 1e-6 });
    }
}
