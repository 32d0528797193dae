// Numbers as people read them.

export function bytes(count) {
    if (count < 1000) return `${count} ${count === 1 ? 'byte' : 'bytes'}`;
    let unit = -1;
    for (; count >= 999.5 && unit < 5; unit += 1) count /= 1000;
    return `${count < 99.95 ? count.toFixed(1) : count.toFixed(0)}\u00a0${['kB', 'MB', 'GB', 'TB', 'PB', 'EB'][unit]}`;
}

export function duration(seconds) {
    if (seconds < 60) return `${Math.max(1, Math.round(seconds))} s`;
    if (seconds < 3600) return `${Math.round(seconds / 60)} min`;
    if (seconds < 48 * 3600) return `${Math.floor(seconds / 3600)} h ${Math.round(seconds % 3600 / 60)} min`;
    return `${Math.round(seconds / 86400)} days`;
}

/** Rate and time left, when there is a rate to speak of. */
export const speed = (bytesPerSecond, bytesLeft) => bytesPerSecond < 1 || bytesLeft <= 0 ? []
    : [`${bytes(Math.round(bytesPerSecond))}/s`, `${duration(bytesLeft / bytesPerSecond)} left`];

export const count = (number) => number.toLocaleString('en');

export const plural = (number, noun) => `${count(number)} ${noun}${number === 1 ? '' : 's'}`;

/** A number of bytes in a header field; null if it is none. */
export const parsedCount = (text) => /^\s*\d{1,16}\s*$/.test(text ?? '') ? Number(text) : null;
