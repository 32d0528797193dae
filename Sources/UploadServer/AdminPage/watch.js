// Server-sent events, read from an answer as it comes. An EventSource cannot say a token but in its address, where
// others see it, and does not tell why it was refused.

import { token } from './token.js';

const retrySeconds = 2, retrySecondsMax = 15;
/** The server says something every two seconds. */
const silenceSeconds = 12;

/** Asks this server. Whatever is no answer of its own throws a sentence. */
export async function ask(method, address, signal) {
    let answer;
    try {
        answer = await fetch(address, { method, headers: token.headers, cache: 'no-store', redirect: 'error', signal });
    } catch {
        throw new Error('The server does not answer.');
    }
    token.judge(answer.ok, answer.status, answer.headers.get('X-Error-Code'));
    if (answer.ok) return answer;
    const line = (await answer.text()).trim().split('\n', 1)[0].slice(0, 300);
    throw new Error(line !== '' && !line.startsWith('<') ? line : `The server answered ${answer.status}.`);
}

export class Watch {
    #wake = () => {};

    /** @param on `event(kind, data)`, `live()` after each beginning, `lost(sentence)` */
    constructor(address, on) { Object.assign(this, { address, on }); }

    /** Goes on at once, with another token. */
    again() { this.#wake(); }

    async run() {
        for (let tries = 0; ; tries += 1) {
            try {
                await this.#follow(() => { tries = 0; });
            } catch (error) {
                this.on.lost(error.message);
            }
            const seconds = Math.min(retrySecondsMax, retrySeconds * 2 ** tries);
            await new Promise((resolve) => {
                this.#wake = resolve;
                // Without a token that the server takes there is nothing to wait for.
                if (!token.isWanted) setTimeout(resolve, seconds * 1000 * (1 - Math.random() / 2));
            });
        }
    }

    async #follow(began) {
        const stop = new AbortController();
        let timer = setTimeout(() => stop.abort(), silenceSeconds * 1000);
        try {
            const answer = await ask('GET', this.address, stop.signal);
            if (!answer.headers.get('Content-Type')?.startsWith('text/event-stream')) {
                throw new Error('Something else answered in place of the server.');
            }
            began();
            this.on.live();
            const reader = answer.body.pipeThrough(new TextDecoderStream()).getReader();
            for (let rest = ''; ;) {
                const { value, done } = await reader.read();
                if (done) break;
                clearTimeout(timer);
                timer = setTimeout(() => stop.abort(), silenceSeconds * 1000);
                const blocks = (rest + value).split('\n\n');
                rest = blocks.pop();
                for (const block of blocks) this.#take(block);
            }
        } catch (error) {
            // A stream that breaks is nothing to tell beyond that it has.
            throw error instanceof TypeError || error.name === 'AbortError'
                ? new Error('The connection was lost.') : error;
        } finally {
            clearTimeout(timer);
            stop.abort();
        }
        throw new Error('The server has ended the connection.');
    }

    #take(block) {
        let kind = '', data = '';
        for (const line of block.split('\n')) {
            if (line.startsWith('event: ')) kind = line.slice(7);
            else if (line.startsWith('data: ')) data = line.slice(6);
        }
        if (kind !== '') this.on.event(kind, JSON.parse(data));
    }
}
