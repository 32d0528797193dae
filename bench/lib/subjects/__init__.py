"""What bench/more measures: one module a subject, each with `measure`, which yields one dictionary a row, and the
`COLUMNS` of its table: (figure, heading, decimals). Negative decimals show a number of bytes in that power of two."""

from lib.subjects import (
    access, allocations, distance, idle, instructions, latency, million, owners, page, protocols, rates, slow,
    syncs, takeover)

SUBJECTS = {
    "rates": rates,
    "latency": latency,
    "takeover": takeover,
    "syncs": syncs,
    "slow": slow,
    "idle": idle,
    "distance": distance,
    "page": page,
    "protocols": protocols,
    "million": million,
    "access": access,
    "owners": owners,
    "allocations": allocations,
    "instructions": instructions,
}
