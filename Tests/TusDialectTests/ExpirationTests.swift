import HTTP
import TestSupport
import Testing
import TusDialect
import Uploads

/// Expiration and termination: REQUIREMENTS.md, numbers 34 to 36, and 42.
@Suite struct ExpirationTests {
    @Test func `tus 34: expiration is announced where uploads expire`() {
        #expect(Tus.expiring.extensions.contains("expiration"))
        #expect(!Tus.offer.extensions.contains("expiration"))
    }

    @Test func `tus 35: what will expire says when, on creation, PATCH and HEAD`() throws {
        let request = try Tus.creation(["Upload-Length: 100"], offer: Tus.expiring)
        let upload = request.upload(Tus.id, length: 100, offer: Tus.expiring, nowSeconds: 784_111_717)
        let heads = [
            TusAnswer.created(upload, location: "/files/x", tellsOffset: false), TusAnswer.appended(upload),
            TusAnswer.offset(upload), TusAnswer.waiting(upload, length: nil),
        ]
        for head in heads { #expect(head.sent["upload-expires"] == "Sun, 06 Nov 1994 08:49:37 GMT") }
    }

    @Test func `tus 35: what never expires says nothing`() {
        #expect(TusAnswer.appended(Tus.upload()).sent["upload-expires"] == nil)
    }

    @Test func `tus 36: an upload past its time is 410 for every request`() {
        let upload = Tus.upload(offset: 40, expires: Tus.now)
        let refusals = [
            refusal { try Tus.ask(upload) }, refusal { try Tus.decide(Tus.patch(40), upload) },
            refusal { try Termination.check(upload, nowSeconds: Tus.now) },
        ]
        for refusal in refusals {
            #expect(refusal?.status == .gone)
            #expect(refusal?.sent["upload-offset"] == nil)
        }
        #expect(refusal { try Tus.ask(Tus.upload(offset: 40, expires: Tus.now + 1)) } == nil)
    }

    @Test func `tus 36: an upload whose bytes were swept is 410 as long as its record says so`() {
        let upload = Tus.upload(.expired, expires: Tus.now + 60)
        for refusal in [
            refusal { try Tus.ask(upload) }, refusal { try Tus.decide(Tus.patch(0), upload) },
            refusal { try Termination.check(upload, nowSeconds: Tus.now) },
        ] {
            #expect(refusal?.status == .gone)
            #expect(refusal?.code == "upload-expired")
        }
    }

    @Test func `tus 36: a part whose bytes were swept is not there any more`() {
        let part = Tus.part(offset: 0, length: 0, state: .expired, expires: Tus.now + 60)
        let refusal = refusal {
            try FinalDecision(parts: [part], isNew: true, offer: Tus.offer, nowSeconds: Tus.now)
        }
        #expect(refusal?.code == "part-not-found")
    }

    @Test func `tus 42: termination is announced, and takes any upload of this dialect`() {
        #expect(Tus.offer.extensions.contains("termination"))
        for upload in [
            Tus.upload(), Tus.upload(.finished, offset: 100), Tus.part(offset: 1, length: 2), Tus.final(),
        ] {
            #expect(refusal { try Termination.check(upload, nowSeconds: Tus.now) } == nil)
        }
    }

    @Test func `tus 42: termination is 204, and 404 the next time`() {
        #expect(TusAnswer.terminated.status == .noContent)
        #expect(refusal { try Termination.check(nil, nowSeconds: Tus.now) }?.status == .notFound)
    }
}
