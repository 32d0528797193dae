// How long a request may be, and how fast it goes.

import { Limits } from './limits.js';

/**
 * Requests are as long as takes a few seconds: the bar shows what the server has stored, and moves when one is
 * answered. What is learned holds for all uploads of the page, which share the line.
 */
export const pace = {
    bodyMax: Infinity,            // bytes that every hop lets through, as far as is known
    length: Limits.chunkBytes,
    lost: [],

    /** Bytes of the next request, of so many that are left. */
    next(left) {
        const most = Math.min(this.length, this.bodyMax);
        return left <= most * 1.5 && left <= this.bodyMax ? left : most;
    },

    /** A request of so many bytes took so long, and so much of that was waiting for its answer. */
    took(length, seconds, waited) {
        this.lost = this.lost.filter((other) => other > length);
        if (length < this.length / 2) return;  // the rest of a file tells little
        const wanted = Math.min(Math.max(Limits.chunkSeconds, waited * Limits.waitShare), Limits.chunkSecondsMax);
        const fitting = length / Math.max(seconds, 0.001) * wanted;
        this.length = rounded(Math.min(Math.max(fitting, this.length / 2), length * Limits.chunkGrowth));
    },

    /** A request was cut off: perhaps something on the way bounds its time. */
    cut() { this.length = rounded(this.length / 2); },

    /** Nothing of a request of so many bytes was stored when it was cut; the second one tells that it was too long. */
    lostWhole(length) {
        this.lost = [...this.lost, length].filter((other) => other > length / 2);
        if (this.lost.length > 1) this.bodyMax = Math.min(this.bodyMax, rounded(length / 2));
    },

    /** A request of so many bytes was too long for something on the way. Answers whether a shorter one is worth a try. */
    bound(length) {
        const half = Math.floor(length / 2 / Limits.bodyBytes) * Limits.bodyBytes;
        this.bodyMax = Math.min(this.bodyMax, Math.max(half, Limits.bodyBytes));
        return length > Limits.bodyBytes;
    },
};

function rounded(length) {
    const whole = Math.floor(length / Limits.bodyBytes) * Limits.bodyBytes;
    return Math.min(Math.max(Limits.chunkBytes, whole), Limits.chunkBytesMax);
}

/** Bytes a second that became stored, over the last quarter of a minute. */
export class RateMeter {
    #points = [];

    restart(position) { this.#points = [{ position, time: performance.now() }]; }

    move(position) {
        const points = this.#points, time = performance.now();
        if (points.length > 1 && time - points.at(-1).time < 250) points.pop();
        points.push({ position, time });
        while (points.length > 2 && time - points[1].time > 15e3) points.shift();
    }

    get bytesPerSecond() {
        const [first, last] = [this.#points[0], this.#points.at(-1)];
        if (first === undefined || last.position <= first.position) return 0;
        // A while without news is what long requests bring; a longer one is a slower line.
        const end = Math.max(last.time, performance.now() - 5e3);
        return (last.position - first.position) / Math.max(0.05, (end - first.time) / 1000);
    }
}
