/// Why a token is not believed. Clients are told little of it, the log all.
public enum TokenFault: String, Error, CaseIterable, Sendable {
    /// It is not what tokens look like, or comes twice.
    case malformed
    /// It is a static token that nobody was given, or of a kind for which nothing is configured.
    case unknown
    /// It is signed in a way for which there is no key: `none`, or a secret's where the keys are public.
    case algorithm
    /// It names a key that is not known.
    case key
    /// The keys by which it might be signed could not be read yet.
    case unread
    /// Its signature is not by the key.
    case signature
    case expired
    case early
    /// It comes from somebody else than `--jwt-issuer`.
    case issuer
    /// It is for somebody else than `--jwt-audience`.
    case audience
    /// It says for nobody.
    case subject
    /// One of its claims is not what such a claim may be.
    case claim
}
