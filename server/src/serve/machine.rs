//! Figures of the process and of the machine it runs on, asked for when they are collected.

use std::collections::HashMap;
use std::time::Instant;

use prometheus::core::{Collector, Desc};
use prometheus::proto::{Counter, Gauge, LabelPair, Metric, MetricFamily, MetricType};
use sysinfo::{
    Disk, Disks, NetworkData, Networks, Pid, ProcessRefreshKind, ProcessesToUpdate, System,
};

use super::locked::Locked;

/// Least time between two looks at the processors: their use is measured in between.
const LOOK_EVERY: std::time::Duration = sysinfo::MINIMUM_CPU_UPDATE_INTERVAL;

/// One family: name, help, kind, and the name of its one label, if it has any.
type Family = (&'static str, &'static str, MetricType, Option<&'static str>);

const FAMILIES: [Family; 15] = [
    ("process_cpu_seconds_total", "Processor time used by the process.", MetricType::COUNTER, None),
    ("process_resident_memory_bytes", "Memory held by the process.", MetricType::GAUGE, None),
    ("process_virtual_memory_bytes", "Address space of the process.", MetricType::GAUGE, None),
    ("process_open_fds", "Files and connections open in the process.", MetricType::GAUGE, None),
    ("process_max_fds", "Most files and connections it may open.", MetricType::GAUGE, None),
    (
        "process_start_time_seconds",
        "When the process started, since 1970.",
        MetricType::GAUGE,
        None,
    ),
    (
        "emanate_host_cpu_usage_ratio",
        "Part of all processors in use since the last look.",
        MetricType::GAUGE,
        None,
    ),
    ("emanate_host_cpus", "Processors of the machine.", MetricType::GAUGE, None),
    ("emanate_host_memory_bytes", "Memory of the machine.", MetricType::GAUGE, None),
    (
        "emanate_host_memory_available_bytes",
        "Memory of the machine that is to be had.",
        MetricType::GAUGE,
        None,
    ),
    (
        "emanate_host_load1",
        "Mean number of tasks that run or wait, over a minute.",
        MetricType::GAUGE,
        None,
    ),
    ("emanate_host_disk_bytes", "Size of a file system.", MetricType::GAUGE, Some("mount")),
    (
        "emanate_host_disk_available_bytes",
        "What is free of a file system.",
        MetricType::GAUGE,
        Some("mount"),
    ),
    (
        "emanate_host_network_received_bytes_total",
        "Bytes received by a network interface.",
        MetricType::COUNTER,
        Some("interface"),
    ),
    (
        "emanate_host_network_sent_bytes_total",
        "Bytes sent by a network interface.",
        MetricType::COUNTER,
        Some("interface"),
    ),
];

/// Most file systems and interfaces that are told of, so that containers do not add series.
const NAMED_MAX: usize = 8;

/// What was seen last; what the system does not show at all is missing.
struct Looked {
    system: Option<System>,
    disks: Option<Disks>,
    networks: Option<Networks>,
    processors_at: Option<Instant>,
}

/// Looks at process and machine when it is collected.
pub(crate) struct Machine {
    looked: Locked<Looked>,
    pid: Option<Pid>,
    descriptions: Vec<Desc>,
}

impl Machine {
    /// Has not looked yet.
    pub(crate) fn new() -> Self {
        let describe = |(name, help, _, label): &Family| {
            let labels = label.iter().map(|label| (*label).to_owned()).collect();
            let (name, help) = ((*name).to_owned(), (*help).to_owned());
            Desc::new(name, help, labels, HashMap::new()).expect("the names are valid")
        };
        let looked = Looked {
            system: System::new().ok(),
            disks: Disks::new().ok(),
            networks: Networks::new().ok(),
            processors_at: None,
        };
        Self {
            looked: Locked::new(looked),
            pid: sysinfo::get_current_pid().ok(),
            descriptions: FAMILIES.iter().map(describe).collect(),
        }
    }
}

impl Looked {
    fn look(&mut self, pid: Option<Pid>) {
        if let Some(disks) = &mut self.disks {
            disks.refresh(true);
        }
        if let Some(networks) = &mut self.networks {
            networks.refresh(true);
        }
        let Some(system) = &mut self.system else { return };
        if self.processors_at.is_none_or(|at| at.elapsed() >= LOOK_EVERY) {
            system.refresh_cpu_usage();
            self.processors_at = Some(Instant::now());
        }
        system.refresh_memory();
        if let Some(pid) = pid {
            let kind = ProcessRefreshKind::nothing().with_cpu().with_memory();
            system.refresh_processes_specifics(ProcessesToUpdate::Some(&[pid]), false, kind);
        }
    }

    /// The values of the family called `name`, each with its label's; none where the system does
    /// not say.
    fn values(&self, name: &str, pid: Option<Pid>) -> Vec<(String, f64)> {
        let system = self.system.as_ref();
        let own = system.zip(pid).and_then(|(system, pid)| system.process(pid));
        let single = match name {
            "process_cpu_seconds_total" => {
                own.map(|own| own.accumulated_cpu_time() as f64 / 1000.0)
            }
            "process_resident_memory_bytes" => own.map(|own| own.memory() as f64),
            "process_virtual_memory_bytes" => own.map(|own| own.virtual_memory() as f64),
            "process_open_fds" => own.and_then(|own| own.open_files()).map(|n| n as f64),
            "process_max_fds" => own.and_then(|own| own.open_files_limit()).map(|n| n as f64),
            "process_start_time_seconds" => own.map(|own| own.start_time() as f64),
            "emanate_host_cpu_usage_ratio" => {
                system.map(|system| f64::from(system.global_cpu_usage()) / 100.0)
            }
            "emanate_host_cpus" => system.map(|system| system.cpus().len() as f64),
            "emanate_host_memory_bytes" => system.map(|system| system.total_memory() as f64),
            "emanate_host_memory_available_bytes" => {
                system.map(|system| system.available_memory() as f64)
            }
            "emanate_host_load1" => System::load_average().ok().map(|load| load.one),
            "emanate_host_disk_bytes" => return self.disks(Disk::total_space),
            "emanate_host_disk_available_bytes" => return self.disks(Disk::available_space),
            "emanate_host_network_received_bytes_total" => {
                return self.networks(NetworkData::total_received);
            }
            _ => return self.networks(NetworkData::total_transmitted),
        };
        single.map(|value| (String::new(), value)).into_iter().collect()
    }

    fn disks(&self, value: impl Fn(&Disk) -> u64) -> Vec<(String, f64)> {
        let mount = |disk: &Disk| disk.mount_point().display().to_string();
        let disks = self.disks.iter().flat_map(|disks| disks.iter());
        named(disks.map(|disk| (mount(disk), value(disk))))
    }

    fn networks(&self, value: impl Fn(&NetworkData) -> u64) -> Vec<(String, f64)> {
        let networks = self.networks.iter().flat_map(|networks| networks.iter());
        named(networks.map(|(name, network)| (name.to_string_lossy().into(), value(network))))
    }
}

/// The first few by name, each name once.
fn named(values: impl Iterator<Item = (String, u64)>) -> Vec<(String, f64)> {
    let mut values: Vec<(String, f64)> = values.map(|(name, value)| (name, value as f64)).collect();
    values.sort_by(|(a, _), (b, _)| a.cmp(b));
    values.dedup_by(|(a, _), (b, _)| a == b);
    values.truncate(NAMED_MAX);
    values
}

impl Collector for Machine {
    fn desc(&self) -> Vec<&Desc> {
        self.descriptions.iter().collect()
    }

    fn collect(&self) -> Vec<MetricFamily> {
        self.looked.with(|looked| {
            looked.look(self.pid);
            let family = |family: &Family| fill(family, looked.values(family.0, self.pid));
            FAMILIES.iter().map(family).filter(|family| !family.get_metric().is_empty()).collect()
        })
    }
}

fn fill((name, help, kind, label): &Family, values: Vec<(String, f64)>) -> MetricFamily {
    let mut family = MetricFamily::default();
    family.set_name((*name).to_owned());
    family.set_help((*help).to_owned());
    family.set_field_type(*kind);
    let metric = |(value_of_label, value): (String, f64)| {
        let pair = label.map(|label| {
            let mut pair = LabelPair::default();
            pair.set_name(label.to_owned());
            pair.set_value(value_of_label);
            pair
        });
        let mut metric = Metric::from_label(pair.into_iter().collect());
        if *kind == MetricType::COUNTER {
            let mut counter = Counter::default();
            counter.set_value(value);
            metric.set_counter(counter);
        } else {
            let mut gauge = Gauge::default();
            gauge.set_value(value);
            metric.set_gauge(gauge);
        }
        metric
    };
    family.set_metric(values.into_iter().map(metric).collect());
    family
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn process_and_machine_are_looked_at() {
        let machine = Machine::new();
        let families = machine.collect();
        let value = |name: &str| {
            let family = families.iter().find(|family| family.name() == name)?;
            let metric = family.get_metric().first()?;
            Some(if family.get_field_type() == MetricType::COUNTER {
                metric.get_counter().get_value()
            } else {
                metric.get_gauge().get_value()
            })
        };
        assert!(value("process_resident_memory_bytes").unwrap() > 1e5);
        assert!(value("emanate_host_cpus").unwrap() >= 1.0);
        assert!(value("emanate_host_memory_bytes") > value("process_resident_memory_bytes"));
        for family in &families {
            assert!(family.get_metric().len() <= NAMED_MAX, "{}", family.name());
        }
    }

    #[test]
    fn names_stand_once_and_are_few() {
        let many = (0..50u64).rev().map(|n| (format!("{:02}", n % 20), n));
        let few = named(many);
        assert_eq!(few.len(), NAMED_MAX);
        assert!(few.windows(2).all(|pair| pair[0].0 < pair[1].0));
    }
}
