import Access
import ArgumentParser
import Configuration
import Foundation
import LinuxSystem
import Tokens
import Uploads

/// `sluice token`
struct Token: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Print a signed token, for shells and tests: applications make their own.",
        discussion: """
            The server believes it if it is started with the same secret, or with the key's public half:

              (umask 077; openssl rand -hex 32 >secret)
              sluice serve --jwt-secret secret
              sluice token --jwt-secret secret --sub alice --expires 1h >token
              sluice put --token-file token big.iso http://127.0.0.1:8080/
            """)

    @Option(help: ArgumentHelp("Sign with the secret in this file (HS256).", valueName: "file"))
    var jwtSecret: String?

    @Option(help: ArgumentHelp("Sign with the private key in this PEM file.", valueName: "file"))
    var jwtPrivateKey: String?

    @Option(help: ArgumentHelp("Whom it stands for: the owner of what is uploaded with it.", valueName: "name"))
    var sub: String

    @Option(help: ArgumentHelp("How long it counts: seconds, or 90m, 12h, 30d.", valueName: "time"))
    var expires = "1h"

    @Option(
        help: ArgumentHelp(
            "What it allows: upload, download, delete, admin. Default: the first three.", valueName: "words"))
    var scope: String?

    @Option(help: ArgumentHelp("The largest file. Suffixes K, M, G, T.", valueName: "bytes"))
    var maxSize: ByteCount?

    @Option(help: ArgumentHelp("What all files of the owner may come to. Suffixes K, M, G, T.", valueName: "bytes"))
    var maxBytes: ByteCount?

    @Option(help: ArgumentHelp("The one upload that it is for.", valueName: "id"))
    var upload: String?

    @Option(help: ArgumentHelp("What --jwt-issuer of the server says.", valueName: "name"))
    var issuer: String?

    @Option(help: ArgumentHelp("What --jwt-audience of the server says.", valueName: "name"))
    var audience: String?

    func validate() throws {
        if (jwtSecret == nil) == (jwtPrivateKey == nil) {
            throw ValidationError("token takes --jwt-secret or --jwt-private-key, one of them.")
        }
        if owner == nil { throw ValidationError("--sub takes 1 to 255 bytes without control characters.") }
        if lifetimeSeconds == nil { throw ValidationError("--expires takes seconds, or 90m, 12h, 30d.") }
        for word in scope?.split(separator: " ") ?? [] where Scopes(word: word) == nil {
            throw ValidationError("--scope takes upload, download, delete and admin, not '\(word)'.")
        }
        if let upload, UploadID(upload) == nil {
            throw ValidationError("--upload takes the last part of an upload's address, 32 digits.")
        }
    }

    private var owner: Owner? { Owner(sub) }

    func run() throws {
        guard let owner, let lifetimeSeconds else { return }
        do throws(KeyFault) {
            var token = SignedToken(
                owner: owner, expiresSeconds: SystemClock.wallNanoseconds / 1_000_000_000 + lifetimeSeconds)
            token.scopes = scope.map { Scopes(words: $0) }
            token.sizeMax = maxSize?.bytes
            token.bytesMax = maxBytes?.bytes
            token.upload = upload.flatMap { UploadID($0) }
            token.issuer = issuer
            token.audience = audience
            SystemProcess.write(Array("\(try token.text(by: try key()))\n".utf8), to: 1)
        } catch {
            SystemProcess.write(Array("sluice token: \(error)\n".utf8), to: 2)
            throw ExitCode(2)
        }
    }

    private func key() throws(KeyFault) -> VerificationKey {
        let path = jwtSecret ?? jwtPrivateKey ?? ""
        do throws(OptionFault) { try SecretFile.check(path) } catch {
            throw KeyFault("--\(jwtSecret == nil ? "jwt-private-key" : "jwt-secret") \(error.reason)")
        }
        guard let bytes = FileManager.default.contents(atPath: path).map({ Array($0) }) else {
            throw KeyFault("cannot read \(path)")
        }
        do throws(KeyFault) {
            if jwtSecret != nil { return try VerificationKey.keys(secret: bytes)[0] }
            return try VerificationKey.key(privatePEM: String(decoding: bytes, as: UTF8.self))
        } catch { throw KeyFault("\(path): \(error)") }
    }

    /// At most a hundred years; nil for what is no time.
    private var lifetimeSeconds: Int64? {
        let units: [Character: Int64] = ["s": 1, "m": 60, "h": 3600, "d": 86_400]
        let unit = expires.last.flatMap { units[$0] }
        guard let count = Int64(unit == nil ? expires[...] : expires.dropLast()), count > 0 else { return nil }
        let (seconds, overflow) = count.multipliedReportingOverflow(by: unit ?? 1)
        return overflow || seconds > 3_155_760_000 ? nil : seconds
    }
}
