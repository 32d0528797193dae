internal import Access
internal import HTTP
internal import Storage
internal import Uploads

/// `GET /usage`: what an owner has and may have. Everybody asks for their own; who reaches all uploads may ask for
/// somebody else's by `?owner=`.
enum UsageHandler {
    static func handle(_ exchange: Exchange) async throws {
        // Where nobody is asked who they are nothing is anybody's.
        guard let asking = exchange.principal.owner else { throw Dispatch.notFound }
        let owner = try asked(exchange.head.target) ?? asking
        try exchange.uploads.check(owner == asking ? .ask : .oversee, nil)
        let usage = try await exchange.uploads.usage(of: owner)
        var response = ResponseHead(.ok)
        response.set("Content-Type", "application/json")
        await exchange.respond(response, body: Array(text(owner, usage, exchange).utf8))
    }

    private static func text(_ owner: Owner, _ usage: Usage, _ exchange: Exchange) -> String {
        let limits = exchange.uploads.limits(of: owner)
        let isOwn = owner == exchange.principal.owner
        let members: [(String, Int64?)] = [
            ("bytes", usage.bytes), ("files", usage.files), ("open", usage.open), ("max_bytes", limits.bytesMax),
            ("max_files", limits.filesMax), ("max_open", limits.openMax),
            ("max_size", isOwn ? exchange.sizeMax : exchange.server.configuration.sizeMax),
            ("max_rate", (isOwn ? exchange.principal.rateMax : nil) ?? exchange.server.configuration.ownerRateMax),
        ]
        let numbers = members.map { ",\"\($0)\":\($1.map(String.init) ?? "null")" }.joined()
        return "{\"owner\":\(JSONText.string(owner.description))\(numbers)}\n"
    }

    static var badOwner: Refusal {
        Refusal(.badRequest, code: "bad-owner", "The parameter owner takes one owner's name, once.")
    }

    private static func asked(_ target: RequestTarget) throws(Refusal) -> Owner? {
        var found: Owner?
        for pair in Array((target.query ?? "").utf8).split(separator: 0x26) where pair.starts(with: "owner=".utf8) {
            guard found == nil, let bytes = PercentEncoding.decode(Array(pair.dropFirst(6))),
                let name = String(validating: bytes, as: UTF8.self), let owner = Owner(name)
            else { throw badOwner }
            found = owner
        }
        return found
    }
}
