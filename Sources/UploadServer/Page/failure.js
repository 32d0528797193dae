// Why a request did not do its work, and what that means for an upload.

import { Limits } from './limits.js';
import { parsedCount } from './words.js';

/**
 * `kind` decides what happens next:
 * retry (later, by itself) · login (the same, once somebody has logged in) · token (with one) · moved (go on at `offset`) ·
 * gone (begin anew) · bounded (a proxy lets less through: shorter requests) · superseded (another window or device
 * sends) · changed (the file on this device is another one by now) · other (it never was the same file) ·
 * refused (for good).
 */
export class Failure extends Error {
    constructor(kind, words = '', { offset = null, seconds = 0, mostSeconds = Limits.retrySeconds } = {}) {
        super(words);
        Object.assign(this, { kind, offset, seconds, mostSeconds });
    }

    /** Seconds until the next try, after so many in a row. */
    pause(tries) {
        const longest = Math.min(this.mostSeconds, Math.max(1, this.seconds) * 2 ** (tries - 1));
        // Jitter, downwards by up to a half: a restarted server is not met by all its clients in the same second.
        return Math.max(this.seconds, longest * (1 - Math.random() / 2));
    }
}

/** What a request comes to that got no answer. */
export const lost = () => new Failure(
    'retry', navigator.onLine === false ? 'This device is offline.' : 'The connection was lost.', { seconds: 1 });

/** Somebody else answered: a log-in page, or the access page of a network. */
export const strange = () => new Failure(
    'login', 'Something else answered in place of the server: you may have to log in again.', { seconds: 10 });

/** What a JSON document has to say to a person. */
function spoken(document) {
    try {
        const { title, message } = JSON.parse(document);
        return [title, message].find((one) => typeof one === 'string') ?? '';
    } catch {
        return '';
    }
}

/** The sentence of an answer, if it has one; error pages of proxies are HTML and help nobody here. */
function sentence(text) {
    const whole = (text ?? '').trim(), said = whole.startsWith('{') ? spoken(whole).trim() : whole;
    const line = said.split('\n', 1)[0].slice(0, 240);
    return line === '' || line.startsWith('<') ? '' : ` The server says: ${line}`;
}

/**
 * Whether it is the no of an application that the server asks about uploads, until a person asks again. Its status is
 * that application's own and says nothing of the upload or the connection.
 */
export const isLastNo = ({ status, field }) =>
    field('X-Error-Code') === 'refused-by-application' && status !== 429 && field('Retry-After') === null;

/**
 * What an answer means that is no success. Told by the status and by fields alone: HTTP/2 has no reason phrases.
 *
 * @param answer `status`; `field(name)`, null where it was not sent; `text`, the body if it was read
 */
export function failureOf(answer) {
    const { status, field, text } = answer, code = field('X-Error-Code'), offset = parsedCount(field('Upload-Offset'));
    const isOurs = code !== null || field('Tus-Resumable') !== null;
    const later = (words, seconds, mostSeconds) => {
        const asked = Math.min(parsedCount(field('Retry-After')) ?? 0, Limits.retryAfterSeconds);
        return new Failure('retry', words, { seconds: Math.max(seconds, asked), mostSeconds });
    };
    if (isLastNo(answer)) return new Failure('refused', `The upload was refused.${sentence(text)}`);
    if (code === 'refused-by-application') return later(`The upload was refused for now.${sentence(text)}`, 5);
    if (code === 'application-unavailable') {
        return later('The application that decides about uploads here cannot be reached.', 2);
    }
    if (code === 'superseded') return new Failure('superseded', '', { offset });
    switch (status) {
    case 401:
        if (isOurs) return new Failure('token', 'The server asks who you are.', { seconds: 30, mostSeconds: 600 });
        return new Failure('login', 'You have to log in again.', { seconds: 10 });
    case 403: return new Failure('refused', `You may not upload here (403).${sentence(text)}`);
    case 404: case 410:
        return isOurs ? new Failure('gone', 'The server no longer has this upload.')
            : new Failure('refused', `There is no upload server at this address (${status}).`);
    case 408: return later('The connection was too slow for the server.', 1);
    case 409: if (offset !== null) return new Failure('moved', 'The server has another count.', { offset });
        break;
    case 413:
        if (code?.startsWith('owner-')) return new Failure('refused', `There is no room for this file.${sentence(text)}`);
        return isOurs ? new Failure('refused', `The file is too large for this server.${sentence(text)}`)
            : new Failure('bounded', 'Something between here and the server lets only small files through.');
    case 425: case 429: return later('The server asks for a pause.', 5);
    case 503: return later('The server is stopping or busy.', 2);
    case 507: return later('The server has no space left.', 15, Limits.fullDiskSeconds);
    }
    if (status >= 500) return later(`The server had a problem (${status}).`, 1);
    return new Failure('refused', `The server refused the upload (${status}).${sentence(text)}`);
}
