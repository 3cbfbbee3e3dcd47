//! What the kernel knows: processes, their memory and their CPU time, the load.
//!
//! All of it comes from Linux' `/proc`; elsewhere these figures are missing.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

/// How often running processes are looked at.
const GLANCE: Duration = Duration::from_millis(2);

/// The load of the last minute, five and fifteen minutes.
pub(crate) fn load() -> String {
    let text = fs::read_to_string("/proc/loadavg").unwrap_or_default();
    let load = text.split_whitespace().take(3).collect::<Vec<_>>().join(" ");
    if load.is_empty() { "unknown".to_owned() } else { load }
}

/// The kind of machine, in one line.
pub(crate) fn description() -> String {
    let field = |file: &str, name: &str| {
        let text = fs::read_to_string(file).unwrap_or_default();
        let line = text.lines().find(|line| line.starts_with(name))?.to_owned();
        Some(line.split_once(':')?.1.trim().to_owned())
    };
    let cores = std::thread::available_parallelism().map_or(0, usize::from);
    let processor =
        field("/proc/cpuinfo", "model name").unwrap_or_else(|| "unknown CPU".to_owned());
    let memory = field("/proc/meminfo", "MemTotal")
        .and_then(|text| text.split(' ').next()?.parse::<u64>().ok())
        .map_or_else(String::new, |kibibytes| format!(", {} GiB", kibibytes >> 20));
    format!("{cores} cores, {processor}{memory}, {}", std::env::consts::OS)
}

/// The first line of what a program prints.
pub(crate) fn first_line(program: &str, arguments: &[&str]) -> Option<String> {
    let output = Command::new(program).args(arguments).stderr(Stdio::null()).output().ok()?;
    let text = String::from_utf8(output.stdout).ok()?;
    output.status.success().then(|| text.lines().next().unwrap_or_default().trim().to_owned())
}

/// The most memory that a running process has had resident, in bytes.
///
/// This is `VmHWM`. What `wait4` reports instead would count the memory of
/// whoever started the process, up to the moment of its `exec`.
pub(crate) fn peak_memory(process: u32) -> Option<u64> {
    let status = fs::read_to_string(format!("/proc/{process}/status")).ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    let kibibytes = line.trim().strip_suffix(" kB")?.parse::<u64>().ok()?;
    Some(kibibytes << 10)
}

/// The CPU time that a process has taken so far, over all its threads.
pub(crate) fn cpu_time(process: u32) -> Option<Duration> {
    let mut sum = 0;
    for thread in fs::read_dir(format!("/proc/{process}/task")).ok()? {
        let text = fs::read_to_string(thread.ok()?.path().join("schedstat")).ok()?;
        sum += text.split(' ').next()?.parse::<u64>().ok()?;
    }
    Some(Duration::from_nanos(sum))
}

/// What the processes of a program demanded during a command.
#[derive(Clone, Copy, Default)]
pub(crate) struct Demand {
    /// The peak memory of the most demanding one, in bytes.
    pub(crate) memory: u64,
    /// The CPU time of all of them.
    pub(crate) cpu: Duration,
}

/// Runs a command to its end and tells what those of the processes it started
/// demanded that execute `program`; nothing if none was seen.
///
/// They are looked at every two milliseconds; what a process takes in the last
/// of them is missed, when it is only closing its connections. Before its
/// `exec` a process still has the memory of its parent, and is not `program`.
pub(crate) fn demand_of_children(mut command: Command, program: &Path) -> Option<Demand> {
    let program = program.canonicalize().unwrap();
    let mut child = command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
    let mut demands = BTreeMap::<u32, Demand>::new();
    loop {
        for process in children(&child) {
            let executes = fs::read_link(format!("/proc/{process}/exe"));
            if executes.is_ok_and(|executed| executed == program)
                && let Some(memory) = peak_memory(process)
            {
                let demand = demands.entry(process).or_default();
                demand.memory = memory.max(demand.memory);
                demand.cpu = cpu_time(process).map_or(demand.cpu, |cpu| cpu.max(demand.cpu));
            }
        }
        if let Some(status) = child.try_wait().unwrap() {
            let mut said = String::new();
            let stderr = child.stderr.as_mut().unwrap();
            std::io::Read::read_to_string(stderr, &mut said).unwrap();
            assert!(status.success(), "{said}");
            return demands.into_values().reduce(|left, right| Demand {
                memory: left.memory.max(right.memory),
                cpu: left.cpu + right.cpu,
            });
        }
        std::thread::sleep(GLANCE);
    }
}

fn children(parent: &Child) -> Vec<u32> {
    let threads = fs::read_dir(format!("/proc/{}/task", parent.id()));
    let lists = threads.into_iter().flatten().flatten();
    let lists = lists.filter_map(|thread| fs::read_to_string(thread.path().join("children")).ok());
    lists
        .flat_map(|list| list.split_whitespace().map(str::parse).collect::<Vec<_>>())
        .flatten()
        .collect()
}
