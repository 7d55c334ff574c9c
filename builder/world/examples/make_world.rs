//! Makes a world of a given size and prints its summary, for measuring: OUT PEOPLE [PURCHASES].

use std::process::ExitCode;

use kenal_world::{WorldConfig, generate};

fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let (Some(out), Some(Ok(people))) = (args.first(), args.get(1).map(|n| n.parse())) else {
        eprintln!("usage: make_world OUT PEOPLE [PURCHASES]");
        return ExitCode::FAILURE;
    };
    let config = WorldConfig {
        out: out.into(),
        people,
        purchases: args.get(2).map(Into::into),
        seed: 42,
        end: kenal_types::Date(20_770),
        written: kenal_world::Written::default(),
    };
    match generate(&config, &|stage, done, total| {
        if done == total || done == 0 {
            eprintln!("{stage} {done}/{total}");
        }
    }) {
        Ok(summary) => {
            println!("{summary}");
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}
