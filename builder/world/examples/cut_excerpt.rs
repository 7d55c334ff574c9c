//! Cuts the excerpt that is kept in `builder/world/data`; see the README there for the command.

use std::path::Path;
use std::process::ExitCode;

fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let [from, to, customers, guests] = args.as_slice() else {
        eprintln!("usage: cut_excerpt FROM.csv.gz TO.csv.gz CUSTOMERS GUEST_INVOICES");
        return ExitCode::FAILURE;
    };
    let (Ok(customers), Ok(guests)) = (customers.parse(), guests.parse()) else {
        eprintln!("CUSTOMERS and GUEST_INVOICES are whole numbers");
        return ExitCode::FAILURE;
    };
    match kenal_world::excerpt::cut(Path::new(from), Path::new(to), customers, guests) {
        Ok(cut) => {
            println!(
                "{} customers, {} guest invoices, {} lines, {} bytes",
                cut.customers, cut.guest_invoices, cut.lines, cut.bytes
            );
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}
