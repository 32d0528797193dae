import Configuration
import HTTPClient
import Storage
import UploadServer

extension ServeOptions {
    static let delivery = ServeSection(
        "Bringing files elsewhere",
        [
            .one(
                "deliver", "template", example: "/srv/files/{owner}/{yyyy}-{mm}/{id}/{name}",
                help: """
                    Bring each finished file to this place on a disk of this machine, and tell that it is finished \
                    once it is there. The template may have {owner}, {yyyy}, {mm}, {dd}, {id} and {name}; the \
                    directory before the first of them has to be there, others are made.
                    """
            ) { settings, text in
                guard text.utf8.first == UInt8(ascii: "/") else {
                    throw OptionFault("takes an absolute path, not '\(text)'")
                }
                settings.delivery.folder = text
            },
            .choice(
                "deliver-collision", default: NameCollision.number,
                help: """
                    What happens where something has a file's name already: the file gets another one with a number, \
                    replaces it, or waits (refuse) until somebody makes room.
                    """
            ) { $0.delivery.collision = $1 },
            .one(
                "deliver-s3", "place", example: "s3://uploads/{owner}/{yyyy}-{mm}/{id}/{name}",
                help: """
                    Bring each finished file to this bucket, and tell that it is finished once it is there: \
                    s3://BUCKET/TEMPLATE. The template may have {owner}, {yyyy}, {mm}, {dd}, {id} and {name}, and must \
                    have {id}; without one it is {id}/{name}.
                    """
            ) { settings, text in
                guard text.hasPrefix("s3://") else { throw OptionFault("takes s3://BUCKET/TEMPLATE") }
                settings.delivery.bucket = text
            },
            .one(
                "s3-endpoint", "url", example: "https://s3.example",
                help: "The server that has the bucket. Default: Amazon's of the region."
            ) { settings, text in
                guard let url = HTTPURL(text) else { throw OptionFault("takes an http or https URL") }
                settings.delivery.endpoint = url
            },
            .one(
                "s3-region", "name", default: DeliverySettings.regionStandard,
                help: "The region that requests are signed for."
            ) { $0.delivery.region = $1 },
            .choice(
                "s3-style", default: DeliverySettings.AddressStyle.auto,
                help: """
                    How the bucket is named: in the path, or as the host. auto is the host for Amazon, the path with \
                    --s3-endpoint.
                    """
            ) { $0.delivery.style = $1 },
            .one(
                "s3-credentials", "file", example: "/etc/sluice/s3-credentials",
                help: """
                    Keys, as Amazon's programs have them in ~/.aws/credentials: of [default], or of AWS_PROFILE. Read \
                    anew when the bucket refuses them. Default: AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and \
                    AWS_SESSION_TOKEN.
                    """
            ) { settings, path in
                try SecretFile.check(path)
                settings.delivery.keysFile = path
            },
            .one(
                "s3-ca", "file", example: "/etc/sluice/tls/s3-ca.pem",
                help: "Believe an https endpoint by these authorities (PEM). Default: the system's."
            ) { $0.delivery.authoritiesFile = $1 },
            .flag(
                "keep-local", default: false,
                help: """
                    Keep files here that were brought elsewhere. Without it they are removed, and not served any more.
                    """
            ) { $0.delivery.keepsFiles = $1 },
        ])
}
