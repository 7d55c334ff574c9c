// An app that ranks by itself, on a desktop: recommend BUNDLE KEY UNIX_TIME VISITOR REQUEST, as in the C example.
//
//     swiftc -I . -L FOLDER_OF_THE_LIBRARY Kenal.swift main.swift -o recommend

import Foundation

func stop(_ why: String, code: Int32) -> Never {
    FileHandle.standardError.write(Data((why + "\n").utf8))
    exit(code)
}

let words = Array(CommandLine.arguments.dropFirst())
guard words.count == 5, let seconds = TimeInterval(words[2]) else {
    stop("usage: recommend BUNDLE KEY UNIX_TIME VISITOR REQUEST", code: 2)
}
let digits = Array(words[1])
let key = stride(from: 0, to: digits.count - 1, by: 2).compactMap { UInt8(String(digits[$0...$0 + 1]), radix: 16) }
guard digits.count == 64, key.count == 32 else {
    stop("the key is not 32 bytes long", code: 2)
}
do {
    let now = Date(timeIntervalSince1970: seconds)
    let kenal = try Kenal(folder: URL(fileURLWithPath: words[0]), key: Data(key), now: now)
    let row = words[3].isEmpty ? nil : try kenal.row(visitor: words[3])
    let response = try kenal.recommend(request: Data(words[4].utf8), row: row)
    FileHandle.standardOutput.write(response + Data("\n".utf8))
} catch let refusal as KenalRefusal {
    stop("\(refusal.message) (code \(refusal.code))", code: 1)
} catch {
    stop("\(error)", code: 1)
}
