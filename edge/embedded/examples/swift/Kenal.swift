// The core in an iOS app, as a native static library behind kenal.h: iOS compiles nothing at run time, so the WebAssembly
// build would be interpreted there, a hundred times slower.
//
//     rustup target add aarch64-apple-ios
//     cargo rustc --package kenal-embedded --lib --crate-type staticlib --release --target aarch64-apple-ios
//
// Add libkenal_embedded.a to the target, and kenal.h with the module map beside this file.

import CKenal
import Foundation

public struct KenalRefusal: Error {
    public let code: Int32
    public let message: String
}

/// An open bundle. Not for two threads at once; an app may have several.
public final class Kenal {
    private let handle: OpaquePointer
    private let folder: URL

    /// Opens the bundle in `folder`, as it was last fetched; `key` is the trusted public key, 32 bytes.
    public init(folder: URL, key: Data, now: Date = Date()) throws {
        precondition(kenal_abi_version() == UInt32(KENAL_ABI_VERSION), "the library speaks another version")
        // The library reads 32 bytes, whatever there are.
        precondition(key.count == 32, "the key is not 32 bytes long")
        self.folder = folder
        handle = kenal_new()
        try whereThereIs("keys.kenal") { kenal_keys($0, $1, $2) }
        let manifest = try file("manifest.kenal")
        _ = try call { handle in
            manifest.withBytes { manifest, count in
                key.withBytes { key, _ in kenal_manifest(handle, manifest, count, key, Int64(now.timeIntervalSince1970)) }
            }
        }
        let needs = String(decoding: try call(kenal_needs), as: UTF8.self)
        for line in needs.split(separator: "\n") {
            let section = try file("sections/" + line.prefix(64))
            _ = try call { handle in section.withBytes { kenal_section(handle, $0, $1) } }
        }
        try whereThereIs("revocations.kenal") { kenal_revocations($0, $1, $2) }
    }

    deinit {
        kenal_drop(handle)
    }

    /// The visitor's row; nil when they have none. Only their own token opens it.
    public func row(visitor: String) throws -> Data? {
        let token = Data(visitor.utf8)
        let hash = String(decoding: try call { handle in token.withBytes { kenal_shard(handle, $0, $1) } }, as: UTF8.self)
        guard !hash.isEmpty else { return nil }
        let shard = try file("sections/" + hash)
        let row = try call { handle in
            shard.withBytes { shard, count in token.withBytes { kenal_row(handle, shard, count, $0, $1) } }
        }
        return row.isEmpty ? nil : row
    }

    /// The response to a request, JSON to JSON.
    public func recommend(request: Data, row: Data?) throws -> Data {
        try call { handle in
            request.withBytes { request, count in
                guard let row else { return kenal_recommend(handle, request, count, nil, 0) }
                return row.withBytes { kenal_recommend(handle, request, count, $0, $1) }
            }
        }
    }

    private func whereThereIs(
        _ name: String, _ taken: (OpaquePointer, UnsafePointer<UInt8>?, Int) -> Int32
    ) throws {
        guard FileManager.default.fileExists(atPath: folder.appendingPathComponent(name).path) else { return }
        let bytes = try file(name)
        _ = try call { handle in bytes.withBytes { taken(handle, $0, $1) } }
    }

    private func file(_ name: String) throws -> Data {
        try Data(contentsOf: folder.appendingPathComponent(name))
    }

    private func call(_ body: (OpaquePointer) -> Int32) throws -> Data {
        let code = body(handle)
        guard code == Int32(KENAL_OK.rawValue) else {
            let message = Data(bytes: kenal_message(handle), count: kenal_message_len(handle))
            throw KenalRefusal(code: code, message: String(decoding: message, as: UTF8.self))
        }
        let count = kenal_output_len(handle)
        return count == 0 ? Data() : Data(bytes: kenal_output(handle), count: count)
    }
}

private extension Data {
    func withBytes<T>(_ body: (UnsafePointer<UInt8>?, Int) -> T) -> T {
        withUnsafeBytes { body($0.bindMemory(to: UInt8.self).baseAddress, count) }
    }
}
