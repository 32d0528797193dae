internal import HTTP
internal import HTTPClient
internal import LinuxSystem
internal import Reactor
internal import TLS

/// The protocol of javascript.info: ask how many bytes are there, send the rest. The id is made from the file, so a
/// later run finds the upload without having kept anything.
final class FileIDUpload: DialectUpload {
    private(set) var confirmed: Int64 = 0
    private let job: UploadJob
    private let id: (name: String, value: String)
    /// Whether bytes from before this run are to be used.
    private var asks: Bool

    init(_ job: UploadJob, resumes: Bool) {
        self.job = job
        asks = resumes
        let file = job.file
        // Name, size and time are for whoever reads it; two files that share them (an archive's, one that a program
        // changed and gave its old time back) must not share an upload. The path and the kernel's own time tell them
        // apart.
        let state = Digest.sha256(file.path.bytes + [0] + Array(file.stamp.utf8)).prefix(12)
        let mark = state.map { String($0 >> 4, radix: 16) + String($0 & 15, radix: 16) }.joined()
        let name = String(decoding: job.task.name.bytes.prefix(FileIDUpload.nameBytesMax), as: UTF8.self)
        id = ("X-File-Id", "\(name)-\(file.size)-\(file.status.modifiedNanoseconds / 1_000_000)-\(mark)")
    }

    private static let nameBytesMax = 100

    func attempt(_ session: Session, on loop: isolated EventLoop) async throws(AttemptError) -> String {
        let size = job.file.size
        var start: Int64 = 0
        if asks {
            let status = job.collection.besideCollection("/status")
            let answer = try await session.send(HTTPRequest(.get, status, [id]), on: loop)
            guard answer.status == .ok, let count = FileIDUpload.count(answer.content) else { throw answer.failure }
            start = (0...size).contains(count) ? count : 0
            confirmed = max(confirmed, start)
        }
        asks = true
        let upload = job.collection.besideCollection("/upload")
        var answer = try await send(from: start, to: upload, session, on: loop)
        // An older connection may have brought more since the question, or still do: the refusal says how far it came.
        while answer.errorCode == "wrong-start-byte", let count = FileIDUpload.count(answer.content),
            count > start, count <= size
        {
            start = count
            confirmed = max(confirmed, start)
            answer = try await send(from: start, to: upload, session, on: loop)
        }
        // Another size under this id: asking again would not change that.
        if answer.errorCode == "wrong-file-size" { throw .final(UploadFailure(.refused, answer.text)) }
        guard answer.status == .ok else { throw answer.failure }
        // The protocol asks for no words here; where it is a number it must be the right one.
        if let count = FileIDUpload.count(answer.content), count != size {
            throw .final(UploadFailure(.refused, "The server says that it has \(count) of \(size) bytes."))
        }
        try job.file.checkUnchanged()
        return (answer.resolvedLocation ?? upload).description
    }

    /// Sends the file from `start` on.
    private func send(
        from start: Int64, to upload: HTTPURL, _ session: Session, on loop: isolated EventLoop
    ) async throws(AttemptError) -> Answer {
        let meter = job.meter
        meter.set(start, of: 0)
        let fields = [
            id, (name: "X-Start-Byte", value: String(start)), (name: "X-File-Size", value: String(job.file.size)),
            job.task.name.disposition,
        ]
        return try await session.send(
            HTTPRequest(.post, upload, fields, content: (job.file, start..<job.file.size)), on: loop,
            progress: { sent in
                meter.set(start + sent, of: 0)
                return !meter.isGivenUp
            })
    }

    /// A decimal number with white space around it, and nothing else.
    private static func count(_ content: [UInt8]) -> Int64? {
        let digits = content.drop { $0 <= 0x20 }.prefix { $0 > 0x20 }
        guard !digits.isEmpty, content.drop(while: { $0 <= 0x20 }).dropFirst(digits.count).allSatisfy({ $0 <= 0x20 }),
            digits.allSatisfy({ (0x30...0x39).contains($0) })
        else { return nil }
        return Int64(String(decoding: digits, as: UTF8.self))
    }
}
