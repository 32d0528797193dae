import { upload } from '/upload.js';

const sending = document.getElementById('sending'), stored = document.getElementById('stored');
const REFRESH_MILLISECONDS = 1000;

function size(bytes) {
    const unit = ['bytes', 'kB', 'MB', 'GB'], rank = Math.min(3, Math.floor(Math.log10(Math.max(1, bytes)) / 3));
    return `${(bytes / 1000 ** rank).toFixed(rank === 0 ? 0 : 1)} ${unit[rank]}`;
}

function element(name, text = '', kind = '') {
    const made = document.createElement(name);
    made.textContent = text;
    made.className = kind;
    return made;
}

/** What the application has been told of: it shows a file when the webhook has come, and not before. */
async function refresh() {
    // Where the application does not answer, what was there stays, and is asked for again.
    const answer = await fetch('/files').catch(() => null);
    if (!answer?.ok) return;
    stored.replaceChildren(...(await answer.json()).map(({ id, name, size: bytes }) => {
        const row = element('li'), link = element('a', name);
        link.href = `/files/${id}`;
        row.append(link, element('span', size(bytes), 'said'));
        return row;
    }));
}

async function send(file) {
    const row = element('li'), bar = element('progress'), said = element('span', 'begins', 'said');
    bar.max = Math.max(1, file.size);
    bar.value = 0;
    row.append(element('span', file.name), said, bar);
    sending.append(row);
    try {
        await upload(file, (bytes) => {
            bar.value = bytes;
            said.textContent = `${size(bytes)} of ${size(file.size)}`;
        }, (reason) => { said.textContent = `${reason} It goes on by itself.`; });
        row.remove();
    } catch (error) {
        said.textContent = error.message;
    }
    await refresh();
}

document.getElementById('files').onchange = ({ target }) => {
    for (const file of target.files) send(file);
    target.value = '';
};
// What is chosen before somebody listens would be lost.
document.getElementById('files').disabled = false;

await refresh();
setInterval(refresh, REFRESH_MILLISECONDS);
