// One file on its way to Sluice, by tus 1.0: asks how much is there, and goes on from there, until it is whole.

const PIECE_BYTES = 64 * 1024 * 1024;
const PAUSE_MILLISECONDS = 1000, PAUSE_MILLISECONDS_MAX = 15_000;
const VERSION = { 'Tus-Resumable': '1.0.0' };

let credential = null;

/** A token from the application, while it lasts; where Sluice is. */
async function credentials(isFresh = false) {
    if (isFresh || credential === null || Date.now() > credential.until) {
        const answer = await fetch('/token');
        if (!answer.ok) throw new Refused('You have to come in again.');
        const { token, seconds, uploads } = await answer.json();
        credential = { token, uploads, until: Date.now() + (seconds - 60) * 1000 };
    }
    return credential;
}

/** What trying again does not change. */
class Refused extends Error {}

/** A request that may carry bytes, with progress: XMLHttpRequest tells how much has left. */
function send(method, url, fields, body, onprogress) {
    return new Promise((resolve, reject) => {
        const request = new XMLHttpRequest();
        request.open(method, url);
        for (const [name, value] of Object.entries(fields)) request.setRequestHeader(name, value);
        request.upload.onprogress = (event) => onprogress?.(event.loaded);
        request.onload = () => resolve(request);
        request.onerror = () => reject(new Error('The connection broke.'));
        request.send(body);
    });
}

async function ask(method, url, fields = {}, body = null, onprogress = null) {
    const authorized = (token) => ({ ...VERSION, ...fields, Authorization: `Bearer ${token}` });
    let answer = await send(method, url, authorized((await credentials()).token), body, onprogress);
    if (answer.status === 401) {
        answer = await send(method, url, authorized((await credentials(true)).token), body, onprogress);
    }
    const { status } = answer;
    // 409 is a wrong offset, 423 and 429 and all of 500 pass: the rest stays as it is.
    if (status >= 400 && status < 500 && ![404, 409, 410, 423, 429].includes(status)) {
        throw new Refused(answer.responseText.trim() || `Refused (${status}).`);
    }
    return answer;
}

function encoded(text) {
    return btoa(String.fromCharCode(...new TextEncoder().encode(text)));
}

/** Creates an upload, and keeps its address, so that a page that is loaded again goes on with it. */
async function created(file, place) {
    const { uploads } = await credentials();
    const metadata = `filename ${encoded(file.name)}` + (file.type ? `,filetype ${encoded(file.type)}` : '');
    const answer = await ask('POST', `${uploads}/files`, { 'Upload-Length': file.size, 'Upload-Metadata': metadata });
    if (answer.status !== 201) throw new Error(`No upload (${answer.status}).`);
    const url = new URL(answer.getResponseHeader('Location'), uploads).href;
    localStorage.setItem(place, url);
    return url;
}

/** How many bytes Sluice has; null where it does not know the upload any more. */
async function stored(url) {
    const answer = await ask('HEAD', url);
    if (answer.status === 404 || answer.status === 410) return null;
    const offset = answer.getResponseHeader('Upload-Offset');
    if (answer.status >= 300 || offset === null) throw new Error(`No offset (${answer.status}).`);
    return Number(offset);
}

/**
 * Sends a file until it is whole, however often the connection breaks.
 *
 * `onprogress(bytes)` is told what has been sent, `onpause(reason)` why it waits before it goes on.
 */
export async function upload(file, onprogress, onpause) {
    const place = `upload ${file.name} ${file.size} ${file.lastModified}`;
    let pause = PAUSE_MILLISECONDS;
    for (;;) {
        try {
            const known = localStorage.getItem(place);
            const url = known ?? await created(file, place);
            let offset = known === null ? 0 : await stored(url);
            if (offset === null) {
                localStorage.removeItem(place);
                continue;
            }
            for (;;) {
                onprogress(offset);
                if (offset === file.size) break;
                const piece = file.slice(offset, offset + PIECE_BYTES);
                const fields = { 'Content-Type': 'application/offset+octet-stream', 'Upload-Offset': offset };
                const begin = offset;
                const answer = await ask('PATCH', url, fields, piece, (sent) => onprogress(begin + sent));
                if (answer.status !== 204) throw new Error(`The server said ${answer.status}.`);
                offset = Number(answer.getResponseHeader('Upload-Offset'));
                pause = PAUSE_MILLISECONDS;
            }
            localStorage.removeItem(place);
            return;
        } catch (error) {
            if (error instanceof Refused) throw error;
            onpause(error.message);
            await new Promise((resume) => setTimeout(resume, pause));
            pause = Math.min(2 * pause, PAUSE_MILLISECONDS_MAX);
        }
    }
}
