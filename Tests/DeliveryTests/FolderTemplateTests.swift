import Storage
import Testing
import Uploads

@testable import Delivery

@Suite struct FolderTemplateTests {
    private static let id = "00000000000000010000000000000002"

    private static func event(owner: String? = "alice", name: String = "a.txt") -> UploadEvent {
        UploadEvent(
            sequence: 1, kind: .finished, milliseconds: 1_769_903_999_999, upload: UploadID(high: 1, low: 2),
            dialect: .plain, owner: owner.flatMap { Owner($0) }, name: CleanName(name), contentType: nil, metadata: nil,
            length: 1, offset: 1, hasFile: true, concatenation: nil, createdSeconds: 0)
    }

    private static func place(_ text: String, _ event: UploadEvent) throws -> FolderPlace {
        try FolderTemplate(text, collision: .number).place(event)
    }

    @Test func `a place is what its template says`() throws {
        let event = FolderTemplateTests.event(name: "ü 1.txt")
        let place = try FolderTemplateTests.place("/srv/in box/{owner}/x/{yyyy}-{mm}-{dd}/{id}-{name}", event)
        #expect(
            place
                == FolderPlace(
                    root: "/srv/in box", folders: ["alice", "x", "2026-01-31"],
                    name: CleanName("\(FolderTemplateTests.id)-ü 1.txt"), collision: .number))
        #expect(try FolderTemplateTests.place("/srv/{name}", event).folders == [])
    }

    @Test(arguments: [nil, "_", "..", ".", "a/../../b", "/etc", ".sluice-1", "a\\b", "%2e"] as [String?])
    func `no owner is a segment that leads elsewhere`(owner: String?) throws {
        let event = FolderTemplateTests.event(owner: owner)
        let place = try FolderTemplateTests.place("/srv/{owner}/{name}", event)
        let segment = try #require(place.folders.first)
        #expect(place.folders.count == 1 && !segment.contains("/") && !segment.hasPrefix(".") && !segment.isEmpty)
        #expect(segment == "_" || segment.contains("%"))
    }

    @Test(arguments: ["{owner}", "{owner}{id}{yyyy}{mm}{dd}", "{owner}-{name}-{id}"])
    func `whatever is filled in, a segment is no longer than a name may be`(segment: String) throws {
        let text = String(repeating: "t", count: DeliveryLimits.segmentTextBytesMax - 2)
        for owner in ["o", String(repeating: "/", count: 255), String(repeating: "ü", count: 127)] {
            let event = FolderTemplateTests.event(owner: owner, name: String(repeating: "n", count: 300) + ".tar")
            let last = segment.contains("{id}") ? "x" : "{id}"
            let place = try FolderTemplateTests.place("/srv/\(text)\(segment)/\(last)", event).folders
            #expect(place.allSatisfy { $0.utf8.count <= UploadLimits.nameBytesMax && $0.hasPrefix(text) })
            #expect(place.allSatisfy { !segment.contains("{id}") || $0.contains(FolderTemplateTests.id) })
        }
    }

    @Test func `a name is shortened before what stands beside it, and keeps its extension`() throws {
        let event = FolderTemplateTests.event(name: String(repeating: "n", count: 195) + ".pdf")
        let name = try FolderTemplateTests.place("/srv/{name}_{id}", event).name.description
        #expect(name.hasSuffix("n.pdf_\(FolderTemplateTests.id)") && name.utf8.count == UploadLimits.nameBytesMax)
        let other = try FolderTemplateTests.place("/srv/{id}_{name}", event).name.description
        #expect(other.hasSuffix("n.pdf") && other.hasPrefix("\(FolderTemplateTests.id)_n"))
    }

    @Test(arguments: [
        "", "/", "/srv/{owner}-{name}", "/srv/{name}/{owner}", "/srv/{yyyy}{owner}/{name}",
        "srv/{id}", "/{id}", "/{owner}/{id}", "/srv", "/srv/files", "/srv/{owner}", "/srv/{id}/", "/srv//{id}",
        "//srv/{id}", "/srv/../{id}", "/srv/./{id}", "/srv/{id}/..", "/srv/.{id}", "/srv/{owner}/.x/{id}",
        "/srv/{user}", "/srv/{id", "/srv/id}", "/srv/{id}}", "/srv/{id}/{id}", "/srv/a\\{id}", "/srv/a\n{id}",
        "/srv/" + String(repeating: "a", count: 65) + "{id}", "/" + String(repeating: "a", count: 1024) + "/{id}",
    ])
    func `what leads out of its directory, is hidden, or meets every other file, is no template`(text: String) {
        #expect(throws: TemplateFault.self) { try FolderTemplate(text, collision: .number) }
    }
}
