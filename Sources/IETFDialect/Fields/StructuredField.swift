internal import HTTP
internal import RawStructuredFieldValues

/// Reads structured fields (RFC 9651). One that does not parse, is sent twice, or is of another type is as good as
/// absent; parameters are legal and mean nothing.
enum StructuredField {
    /// The members of dictionaries that this dialect makes sense of.
    enum Member {
        case integer(Int64)
        case bytes([UInt8])
        case other
    }

    static func boolean(_ name: FieldName, in fields: FieldSection) -> Bool? {
        guard case .bool(let value) = item(name, in: fields) else { return nil }
        return value
    }

    /// 0 to 999,999,999,999,999 (RFC 9651 3.3.1); a negative number is as good as absent, too.
    static func count(_ name: FieldName, in fields: FieldSection) -> Int64? {
        guard case .integer(let value) = item(name, in: fields), value >= 0 else { return nil }
        return value
    }

    /// The members of a dictionary in their order, over all lines; lists within are left out.
    static func dictionary(_ name: FieldName, in fields: FieldSection) -> [(key: String, value: Member)]? {
        guard let text = fields.text(name), text.utf8.count <= IETFLimits.fieldBytesMax else { return nil }
        var parser = StructuredFieldValueParser(Array(text.utf8))
        guard let members = try? parser.parseDictionaryFieldValue() else { return nil }
        return members.compactMap { key, member in
            guard case .item(let item) = member else { return nil }
            switch item.rfc9651BareItem {
            case .integer(let value): return (key, .integer(value))
            case .undecodedByteSequence(let text):
                return (key, Base64.decodeLeniently(text).map { .bytes($0) } ?? .other)
            default: return (key, .other)
            }
        }
    }

    private static func item(_ name: FieldName, in fields: FieldSection) -> RFC9651BareItem? {
        // Two lines make a list, and a list is not an item.
        guard fields.count(of: name) == 1, let bytes = fields.bytes(name), bytes.count <= IETFLimits.fieldBytesMax
        else { return nil }
        var parser = StructuredFieldValueParser(bytes)
        return try? parser.parseItemFieldValue().rfc9651BareItem
    }
}
