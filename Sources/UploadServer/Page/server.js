// The requests of tus 1.0.0. Addresses are relative, so that the page works below any path.

import { Limits } from './limits.js';
import { parsedCount } from './words.js';
import { Failure, failureOf, isLastNo, lost, strange } from './failure.js';
import { token } from './token.js';

/** The collection's name, beside which the page is. */
const collection = document.querySelector('meta[name=collection]').content;
const TUS = { 'Tus-Resumable': '1.0.0' };
const BYTES = { ...TUS, 'Content-Type': 'application/offset+octet-stream' };

/** A request that reports no progress. A redirect is an answer here, since the server makes none: it is a log-in. */
async function ask(method, address, { headers = TUS, body, seconds = Limits.askSeconds, keepalive = false } = {}) {
    const stop = new AbortController(), timer = setTimeout(() => stop.abort(), seconds * 1000);
    try {
        const answer = await fetch(address, {
            method, headers: { ...headers, ...token.headers }, body, keepalive, redirect: 'manual', cache: 'no-store', signal: stop.signal,
        });
        if (answer.type === 'opaqueredirect') throw strange();
        const text = answer.ok ? '' : await answer.text();
        if (answer.ok) answer.body?.cancel();
        token.judge(answer.ok && method !== 'OPTIONS', answer.status, answer.headers.get('X-Error-Code'));
        return { status: answer.status, ok: answer.ok, text, field: (name) => answer.headers.get(name) };
    } catch (error) {
        throw error instanceof Failure ? error : lost();
    } finally {
        clearTimeout(timer);
    }
}

/** The offset of a successful answer. Log-in pages of networks answer 200 to everything. */
function offsetOf(answer) {
    if (!answer.ok) throw failureOf(answer);
    const offset = parsedCount(answer.field('Upload-Offset'));
    if (offset === null) throw strange();
    return offset;
}

/** Base 64 of the text's UTF-8. */
const encoded = (text) => btoa(String.fromCharCode(...new TextEncoder().encode(text)));

/** `Upload-Metadata`: the name, the media type, and the path within the folder it was chosen from. */
function metadata({ name, path, file: { type } }) {
    const pairs = [`filename ${encoded(name)}`];
    if (type) pairs.push(`filetype ${encoded(type)}`);
    const folder = `relativePath ${encoded(path)}`;
    if (path !== name && pairs.join().length + folder.length < Limits.metadataBytes) pairs.push(folder);
    return pairs.join(',');
}

let offer = null;

export const server = {
    /** What the server takes, asked once: `sizeMax`, bytes of a file; `requestMax`, bytes of one request. */
    offer() {
        offer ??= ask('OPTIONS', collection).then((answer) => {
            const requestMax = /max-append-size=(\d{1,16})/.exec(answer.field('Upload-Limit') ?? '')?.[1];
            return {
                sizeMax: parsedCount(answer.field('Tus-Max-Size')) ?? Infinity,
                requestMax: parsedCount(requestMax) ?? Infinity,
            };
        }).catch((error) => {
            offer = null;
            throw error;
        });
        return offer;
    },

    /**
     * Makes an upload and answers its address and offset; `body` is the whole file where it is sent along. A failure's
     * `url` is the address of an upload that has it all and is not finished: its end was refused, or not decided.
     */
    async create(upload, body) {
        const headers = {
            ...(body === null ? TUS : BYTES), 'Upload-Length': String(upload.size), 'Upload-Metadata': metadata(upload),
        };
        const answer = await ask('POST', collection, { headers, body, seconds: Limits.createSeconds });
        // A proxy that serves the page below a path may not have put that into the address.
        const [id, place] = (answer.field('Location') ?? '').split('/').reverse();
        const url = place === collection && /^[^?#]+$/.test(id) ? `${collection}/${id}` : null;
        if (!answer.ok) {
            const isAsked = ['refused-by-application', 'application-unavailable'].includes(answer.field('X-Error-Code'));
            throw Object.assign(failureOf(answer), { url: isAsked ? url : null });
        }
        if (url === null) throw strange();
        return { url, offset: body === null ? 0 : offsetOf(answer) };
    },

    /** How many bytes are stored. The server stops an append that is under way to answer this: never ask during one. */
    async offset(url) {
        const answer = await ask('HEAD', url), told = answer.field('Upload-Offset');
        if (!isLastNo(answer) || told === null) return offsetOf(answer);
        // An answer to HEAD has no text: an append without a byte asks again, and is told why.
        return offsetOf(await ask('PATCH', url, { headers: { ...BYTES, 'Upload-Offset': told }, body: '' }));
    },

    /** The same without disturbing whoever sends. One byte is enough of a file that is finished. */
    async look(url) { return offsetOf(await ask('GET', url, { headers: { Range: 'bytes=0-0' } })); },

    /** Whether finished files may be fetched here, and by us. Of an empty one there is no first byte. */
    async isFetchable(url) {
        return [200, 206, 416].includes((await ask('GET', url, { headers: { Range: 'bytes=0-0' } })).status);
    },

    /** Removes an upload and its bytes. One that is not there, or not ours to remove, is no failure. */
    async remove(url) {
        const answer = await ask('DELETE', url, { keepalive: true });
        if (!answer.ok && ![403, 404, 405, 410].includes(answer.status)) throw failureOf(answer);
    },

    /**
     * Appends `body` at `offset`. Resolves to the offset that the server has stored then, and to the seconds that its
     * answer took after the last byte had left.
     */
    append(url, { offset, body, signal }) {
        return new Promise((resolve, reject) => {
            const request = new XMLHttpRequest();  // fetch does not tell a slow line from a dead one
            let watchdog = 0, leftAt = performance.now();
            const expect = (seconds) => {
                clearTimeout(watchdog);
                watchdog = setTimeout(() => request.abort(), seconds * 1000);
            };
            const abort = () => request.abort();
            request.open('PATCH', url);
            for (const [name, value] of Object.entries({ ...BYTES, ...token.headers })) request.setRequestHeader(name, value);
            request.setRequestHeader('Upload-Offset', String(offset));
            request.upload.onprogress = ({ loaded }) => {
                leftAt = performance.now();
                expect(loaded < body.size ? Limits.stallSeconds : Limits.storeSeconds);
            };
            request.onload = () => {
                const { status, responseText: text } = request, ok = status >= 200 && status < 300;
                token.judge(ok, status, request.getResponseHeader('X-Error-Code'));
                try {
                    const next = offsetOf({ status, ok, text, field: (name) => request.getResponseHeader(name) });
                    resolve({ next, waited: (performance.now() - leftAt) / 1000 });
                } catch (error) {
                    reject(error);
                }
            };
            request.onerror = request.onabort = () => reject(lost());
            request.onloadend = () => {
                clearTimeout(watchdog);
                signal.removeEventListener('abort', abort);
            };
            signal.addEventListener('abort', abort);
            expect(Limits.stallSeconds);
            request.send(body);
        });
    },
};
