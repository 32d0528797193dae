// How the bytes of one upload get to the server, in one attempt. What fails is thrown as a Failure.

import { Failure } from './failure.js';
import { Limits } from './limits.js';
import { bytes } from './words.js';
import { discard } from './discard.js';
import { isReadable } from './digest.js';
import { memory } from './memory.js';
import { pace } from './pace.js';
import { server } from './server.js';

/** Sends what is missing. Returns when the upload is finished, or stopped. */
export async function transfer(upload, signal) {
    upload.enter('asking', { signal });
    await upload.asked;
    const { sizeMax, requestMax } = await server.offer();
    pace.bodyMax = Math.min(pace.bodyMax, requestMax);
    if (upload.size > sizeMax) {
        const most = sizeMax < 1000 ? bytes(sizeMax) : `files of up to ${bytes(sizeMax)}`;
        throw new Failure('refused', `Too large: it has ${bytes(upload.size)}, and the server takes ${most}.`);
    }
    if (!await isReadable(upload.file)) throw new Failure('changed');
    if (signal.aborted) return;
    if (upload.url === null) await create(upload);
    else await rejoin(upload, signal);
    upload.rate.restart(upload.offset);
    while (upload.offset < upload.size && !signal.aborted) await append(upload, signal);
    if (upload.offset === upload.size && upload.url !== null && !upload.isCancelled) upload.finish();
}

/**
 * Makes the upload. A small file goes along; it is not cut by a pause, since its answer has the address. If an attempt
 * was cut nobody knows what arrived, so the next one makes the upload first: a file is not to be stored twice.
 */
async function create(upload) {
    const isWhole = upload.size <= Math.min(Limits.smallBytes, pace.bodyMax) && !upload.wasCut;
    upload.enter('sending');
    try {
        const { url, offset } = await server.create(upload, isWhole && upload.size > 0 ? upload.file : null);
        upload.url = url;
        if (upload.isCancelled) return void discard(upload);
        upload.settle(offset);
        if (upload.offset < upload.size) memory.save(upload);
    } catch (failure) {
        if (failure.url) await keep(upload, failure.url);
        else if (isWhole && failure.kind === 'retry') upload.wasCut = true;
        throw bounded(failure, upload.size);
    }
}

/** The whole file is at the server, and may be finished later: with the sum that knows it again. */
async function keep(upload, url) {
    upload.url = url;
    if (upload.isCancelled) return void discard(upload);
    const { digest, size } = upload;
    await read(upload, size);
    Object.assign(upload, { hashed: digest.position, sum: digest.sum });
    upload.settle(size);
    memory.save(upload);
}

/** Goes on with an upload that was begun before: only with the very bytes that it was begun with. */
async function rejoin(upload, signal) {
    await compare(upload, signal);
    if (signal.aborted) return;
    memory.claim(upload);
    // The window that sent it until now may have got further meanwhile.
    await compare(upload, signal);
    if (signal.aborted) return;
    upload.enter('asking', { signal });
    const offset = await server.offset(upload.url);
    if (offset > upload.size || offset > upload.digest.position) throw new Failure('gone');
    if (upload.cutLength > 0 && offset === upload.offset) pace.lostWhole(upload.cutLength);
    upload.cutLength = 0;
    upload.settle(offset);
}

async function compare(upload, signal) {
    const { digest, hashed, sum } = upload;
    if (digest.position >= hashed) return;
    upload.enter('comparing', { signal });
    await read(upload, hashed, signal);
    if (!signal.aborted && (digest.position !== hashed || digest.sum !== sum)) throw new Failure('other');
}

/** Sends one piece. Before a byte leaves, the sum that knows it again is written down. */
async function append(upload, signal) {
    const { url, offset, size, file, digest } = upload;
    const length = pace.next(size - offset), end = offset + length;
    await read(upload, end, signal);
    if (signal.aborted) return;
    if (memory.isBusyElsewhere(upload.id)) throw new Failure('superseded');
    upload.hashed = digest.position;
    upload.sum = digest.sum;
    memory.save(upload);
    digest.reach(end + length, signal).catch(() => {});  // the next piece, meanwhile
    if (upload.state !== 'sending') upload.enter('sending', { signal });
    const start = performance.now();
    try {
        const { next, waited } = await server.append(url, { offset, body: file.slice(offset, end), signal });
        if (next <= offset) throw new Failure('retry', 'The server took the bytes and did not keep them.', { seconds: 2 });
        pace.took(length, (performance.now() - start) / 1000, waited);
        upload.settle(next);
        memory.save(upload);
    } catch (failure) {
        if (failure.kind === 'retry') {
            upload.cutLength = length;
            pace.cut();
        }
        throw bounded(failure, length);
    }
}

/** What failed because a request of so many bytes was too long for something on the way is tried with a shorter one. */
function bounded(failure, length) {
    if (failure.kind !== 'bounded' || pace.bound(length)) return failure;
    return new Failure('refused', `Something between here and the server does not even let ${bytes(length)} through.`);
}

async function read({ digest }, end, signal) {
    try {
        await digest.reach(end, signal);
    } catch {
        throw new Failure('changed');
    }
}
