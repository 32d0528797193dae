internal import HTTPClient
internal import LinuxSystem
internal import Reactor
internal import Storage
internal import TLS

/// A part of a file in memory, with its digest: read once, so what is digested is what is sent, also the second time.
final class PartBytes: RequestContent {
    /// A piece of it, which a disk thread has read.
    private struct Chunk: ~Copyable {
        let buffer: AlignedBuffer
    }

    private final class Held {
        let chunk: Chunk
        init(_ buffer: consuming AlignedBuffer) { chunk = Chunk(buffer: buffer) }
    }

    /// Bytes.
    let count: Int64
    /// SHA-256 of it, 32 bytes.
    let digest: [UInt8]
    private let held: [Held]

    /// Reads it, on disk threads, and digests it here.
    ///
    /// - Throws: `local` where it cannot be read, or is not as it was when it was opened.
    init(
        _ file: borrowing FinishedReader, at offset: Int64, count: Int64, on loop: isolated EventLoop
    ) async throws(BucketFailure) {
        var digest = Digest.startSHA256()
        var held: [Held] = []
        var read: Int64 = 0
        while read < count {
            let wanted = Int(min(Int64(DeliveryLimits.chunkBytes), count - read))
            let room = (wanted + AlignedBuffer.alignment - 1) / AlignedBuffer.alignment * AlignedBuffer.alignment
            guard let buffer = AlignedBuffer(count: room) else { throw .local }
            let filled = await file.read(into: buffer, at: offset + read, count: wanted)
            if let failure = filled.failure { throw BucketFailure(failure) }
            guard filled.count == wanted else { throw .refused("it cannot be read here") }
            let piece = Held(filled.takeBuffer())
            digest.update(UnsafeRawBufferPointer(start: piece.chunk.buffer.memory, count: wanted))
            held.append(piece)
            read += Int64(wanted)
        }
        self.count = count
        self.digest = digest.finish()
        self.held = held
    }

    func read(into memory: UnsafeMutableRawPointer, count: Int, at offset: Int64) {
        var done = 0
        while done < count {
            let (index, within) = (Int(offset) + done).quotientAndRemainder(dividingBy: DeliveryLimits.chunkBytes)
            let step = min(count - done, DeliveryLimits.chunkBytes - within)
            (memory + done).copyMemory(from: held[index].chunk.buffer.memory + within, byteCount: step)
            done += step
        }
    }
}
