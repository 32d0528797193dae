import Access
import TestSupport
import Testing
import Uploads

@testable import UploadServer

/// What is remembered of an application's answers, and in which order it is asked.
@Suite struct AuthorityAnswersTests {
    private func request(_ token: Int) throws -> ForwardedRequest {
        ForwardedRequest(
            try parsedHead("GET /files", ["Authorization: Bearer \(token)"]), client: "", host: "", isEncrypted: false)
    }

    private func key(_ token: Int) throws -> AuthorityKey { AuthorityKey(try request(token), salt: [1]) }

    private func pass(until: Int64 = 100) -> AuthorityAnswers.Pass {
        AuthorityAnswers.Pass(principal: Principal(owner: Owner("alice")), untilNanoseconds: until)
    }

    @Test func `an answer counts until its time is over, and is known afterwards`() throws {
        var answers = AuthorityAnswers(countMax: 8)
        try answers.keep(key(1), pass(until: 100))
        #expect(try answers.pass(key(1), now: 99)?.principal.owner == Owner("alice"))
        #expect(try answers.pass(key(1), now: 100) == nil)
        #expect(try answers.knows(key(1)) && !answers.knows(key(2)))
        try answers.forget(key(1))
        #expect(try !answers.knows(key(1)))
    }

    @Test func `there are never more than were said, and what is used stays`() throws {
        var answers = AuthorityAnswers(countMax: 100)
        try answers.keep(key(0), pass())
        for token in 1...1000 {
            try answers.keep(key(token), pass())
            #expect(answers.count <= 100)
            #expect(try answers.pass(key(0), now: 0) != nil)
        }
        #expect(try answers.pass(key(1), now: 0) == nil)
    }

    @Test func `the same credential has another key with another salt`() throws {
        #expect(try AuthorityKey(request(1), salt: [1]) != AuthorityKey(request(1), salt: [2]))
        #expect(try AuthorityKey(request(1), salt: [1]) == AuthorityKey(request(1), salt: [1]))
    }

    @Test func `who passed before is asked about first, and each kind has its room`() throws {
        var queue = QuestionQueue()
        func question(_ token: Int) throws -> AuthorityQuestion {
            AuthorityQuestion(try key(token), try request(token), deadlineNanoseconds: 0)
        }
        let room = ServerLimits.authorityQueueMax / 2
        for token in 0..<room { #expect(queue.append(try question(token), isKnown: false)) }
        #expect(!queue.append(try question(-1), isKnown: false))
        #expect(queue.append(try question(-2), isKnown: true))
        #expect(queue.count == room + 1)
        #expect(try queue.popFirst()?.key == key(-2))
        for token in 0..<room { #expect(try queue.popFirst()?.key == key(token)) }
        #expect(queue.popFirst() == nil && queue.count == 0)
    }
}
