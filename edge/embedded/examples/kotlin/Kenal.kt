// The core in an Android app, as a native shared library behind kenal.h, through JNA (net.java.dev.jna:jna:5.14.0@aar).
//
//     rustup target add aarch64-linux-android
//     cargo ndk -t arm64-v8a rustc --package kenal-embedded --lib --crate-type cdylib --release
//
// Put libkenal_embedded.so into src/main/jniLibs/arm64-v8a.

package kenal

import com.sun.jna.Library
import com.sun.jna.Native
import com.sun.jna.Pointer
import com.sun.jna.NativeLong
import java.io.Closeable
import java.io.File

/** kenal.h; NativeLong is its size_t wherever Android and Linux run. */
private interface Core : Library {
    fun kenal_abi_version(): Int
    fun kenal_new(): Pointer?
    fun kenal_drop(handle: Pointer)
    fun kenal_keys(handle: Pointer, keys: ByteArray, len: NativeLong): Int
    fun kenal_manifest(handle: Pointer, manifest: ByteArray, len: NativeLong, key: ByteArray, now: Long): Int
    fun kenal_needs(handle: Pointer): Int
    fun kenal_section(handle: Pointer, section: ByteArray, len: NativeLong): Int
    fun kenal_revocations(handle: Pointer, update: ByteArray, len: NativeLong): Int
    fun kenal_shard(handle: Pointer, visitor: ByteArray, len: NativeLong): Int
    fun kenal_row(handle: Pointer, shard: ByteArray, shardLen: NativeLong, visitor: ByteArray, len: NativeLong): Int
    fun kenal_recommend(handle: Pointer, request: ByteArray, len: NativeLong, row: ByteArray?, rowLen: NativeLong): Int
    fun kenal_output(handle: Pointer): Pointer
    fun kenal_output_len(handle: Pointer): NativeLong
    fun kenal_message(handle: Pointer): Pointer
    fun kenal_message_len(handle: Pointer): NativeLong
}

class KenalRefusal(val code: Int, message: String) : Exception(message)

/** An open bundle in `folder`, as it was last fetched; `key` is the trusted public key, 32 bytes. One thread at a time. */
class Kenal(private val folder: File, key: ByteArray, now: Long = System.currentTimeMillis() / 1000) : Closeable {
    private val core = Native.load("kenal_embedded", Core::class.java)
    private var open: Pointer? = null
    private val handle get() = checkNotNull(open) { "closed" }

    init {
        check(core.kenal_abi_version() == 1) { "the library speaks another version of the interface" }
        // The library reads 32 bytes, whatever there are.
        require(key.size == 32) { "the key is not 32 bytes long" }
        open = checkNotNull(core.kenal_new()) { "no memory" }
        try {
            load(key, now)
        } catch (why: Throwable) {
            // Nobody has an object to close.
            close()
            throw why
        }
    }

    private fun load(key: ByteArray, now: Long) {
        whereThereIs("keys.kenal", core::kenal_keys)
        val manifest = file("manifest.kenal")
        call { core.kenal_manifest(handle, manifest, manifest.length, key, now) }
        for (line in String(call { core.kenal_needs(handle) }).lines().filter { it.isNotEmpty() }) {
            val section = file("sections/" + line.take(64))
            call { core.kenal_section(handle, section, section.length) }
        }
        whereThereIs("revocations.kenal", core::kenal_revocations)
    }

    /** The visitor's row; null when they have none. Only their own token opens it. */
    fun row(visitor: String): ByteArray? {
        val token = visitor.toByteArray()
        val hash = String(call { core.kenal_shard(handle, token, token.length) })
        if (hash.isEmpty()) return null
        val shard = file("sections/$hash")
        return call { core.kenal_row(handle, shard, shard.length, token, token.length) }.takeIf { it.isNotEmpty() }
    }

    /** The response to a request, JSON to JSON. */
    fun recommend(request: String, row: ByteArray?): String {
        val question = request.toByteArray()
        val rowLength = NativeLong((row?.size ?: 0).toLong())
        return String(call { core.kenal_recommend(handle, question, question.length, row, rowLength) })
    }

    override fun close() {
        open?.let(core::kenal_drop)
        open = null
    }

    private val ByteArray.length get() = NativeLong(size.toLong())

    private fun whereThereIs(name: String, taken: (Pointer, ByteArray, NativeLong) -> Int) {
        if (!File(folder, name).exists()) return
        val bytes = file(name)
        call { taken(handle, bytes, bytes.length) }
    }

    private fun file(name: String) = File(folder, name).readBytes()

    private fun call(body: () -> Int): ByteArray {
        val code = body()
        fun left(at: Pointer, length: NativeLong) = if (length.toInt() == 0) ByteArray(0) else at.getByteArray(0, length.toInt())
        if (code != 0) {
            throw KenalRefusal(code, String(left(core.kenal_message(handle), core.kenal_message_len(handle))))
        }
        return left(core.kenal_output(handle), core.kenal_output_len(handle))
    }
}
