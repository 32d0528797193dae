// Sums of files, to tell whether one that is chosen again is the one that was begun.

import { Limits } from './limits.js';

const turn = (lane, word) => {
    const sum = lane + Math.imul(word, 0x85ebca77) | 0;
    return Math.imul(sum << 13 | sum >>> 19, 0x9e3779b1);
};

/**
 * The sum of a file's beginning, which grows as it is read: 128 bits in four lanes, each a chain of invertible steps,
 * so that no single change goes unseen. Fast, and no help against people who want to deceive themselves; WebCrypto
 * does not sum up streams, and is missing on plain HTTP.
 */
export class FileDigest {
    position = 0;              // bytes summed up: a multiple of the step, or the whole file
    #lanes = Int32Array.of(1, 2, 3, 4);
    #reading = Promise.resolve();

    constructor(file) { this.file = file; }

    get sum() { return [...this.#lanes].map((lane) => (lane >>> 0).toString(16).padStart(8, '0')).join(''); }

    /** Reads on until `end` is covered. Rejects when the file cannot be read any more. */
    reach(end, signal) {
        const read = async () => {
            while (this.position < Math.min(end, this.file.size) && !signal?.aborted) await this.#step();
        };
        return (this.#reading = this.#reading.then(read, read));
    }

    async #step() {
        const next = Math.min(this.position + Limits.digestStep, this.file.size);
        const read = await this.file.slice(this.position, next).arrayBuffer();
        if (read.byteLength !== next - this.position) throw new Error('the file has become shorter');
        const padded = new Uint8Array(Math.ceil(read.byteLength / 16) * 16);
        padded.set(new Uint8Array(read));
        const words = new Int32Array(padded.buffer);
        let [a, b, c, d] = this.#lanes;
        for (let i = 0; i < words.length; i += 4) {
            a = turn(a, words[i]);
            b = turn(b, words[i + 1]);
            c = turn(c, words[i + 2]);
            d = turn(d, words[i + 3]);
        }
        this.#lanes.set([a, b, c, d]);
        this.position = next;
    }
}

/** Whether a file is still what was chosen: browsers read no file that was changed since. */
export const isReadable = (file) => file === null || file.size === 0 ? Promise.resolve(true)
    : file.slice(0, 1).arrayBuffer().then(() => true, () => false);

/** Whether two files have the same bytes. */
export async function areSame(one, other) {
    if (one.size !== other.size) return false;
    for (let start = 0; start < one.size; start += Limits.digestStep) {
        const pieces = [one, other].map((file) => file.slice(start, start + Limits.digestStep).arrayBuffer());
        const [a, b] = (await Promise.all(pieces)).map((piece) => new Uint8Array(piece));
        if (a.length !== b.length || !a.every((byte, index) => byte === b[index])) return false;
    }
    return true;
}
