//! `kenal`: the backend's command line. Only parses, dispatches, and maps to an exit code; one file per subcommand.
//!
//! stdout is data, stderr is talk. Exit codes: 0 done, 1 failed, 2 wrong usage, 3 refused to publish.

mod bundle_folder;
mod cmd;
mod gold;
mod keys;
mod stage;
mod ui;

use std::process::ExitCode;

use clap::Parser;

#[global_allocator]
static ALLOCATOR: kenal_allocator::Allocator = kenal_allocator::Allocator;

fn main() -> ExitCode {
    kenal_allocator::keep_freed_memory();
    end_quietly_when_nobody_listens();
    match cmd::Cli::parse().run() {
        Ok(code) => code,
        Err(error) => {
            eprintln!("kenal: {}", told(&error));
            ExitCode::FAILURE
        }
    }
}

/// What was being done, and each cause that the text before it has not told already: many of our libraries' errors end
/// in the text of their cause.
fn told(error: &anyhow::Error) -> String {
    error.chain().map(ToString::to_string).fold(String::new(), |said, cause| match said.as_str() {
        "" => cause,
        known if known.ends_with(&cause) => said,
        _ => format!("{said}: {cause}"),
    })
}

/// `kenal show tables | head` closes our output half way: that ends the program, and is no fault to tell about.
fn end_quietly_when_nobody_listens() {
    let tell = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |panic| {
        let text = panic.payload_as_str().unwrap_or_default();
        if text.starts_with("failed printing to std") && text.contains("Broken pipe") {
            // What a shell reports of a program that SIGPIPE has ended.
            std::process::exit(141);
        }
        tell(panic);
    }));
}
