// Uploads that somebody has cancelled: the server is told to remove them, and told again until it has heard.

import { memory } from './memory.js';
import { server } from './server.js';

const pauses = [0, 2, 10, 30];  // seconds before each attempt; what is left then is tried when the page is opened again

/** Removes an upload at the server. What could not be told is remembered. */
export async function discard(upload) {
    memory.discard(upload);
    for (const seconds of pauses) {
        await new Promise((resolve) => setTimeout(resolve, seconds * 1000));
        try {
            await server.remove(upload.url);
            return memory.forget(upload.id);
        } catch { /* Tried again. */ }
    }
}
