// The page: uploads, list and summary together, and what the buttons do.

import { Limits } from './limits.js';
import { States } from './states.js';
import { bytes } from './words.js';
import { element } from './row.js';
import { list } from './list.js';
import { listen } from './choosing.js';
import { memory } from './memory.js';
import { news, summarise } from './summary.js';
import { server } from './server.js';
import { token } from './token.js';
import { uploads } from './uploads.js';

const told = ['waiting', 'paused', 'superseded', 'refused', 'changed', 'finished'];
let isFetchable = null;      // whether finished files can be downloaded; asked of the first one
let drawing = 0, clock = 0;

const tell = (text) => { element('notice').textContent = text; };

/** Gathers bursts of changes (thousands of small files) into a few looks at the list. */
function draw() {
    drawing ||= setTimeout(() => {
        drawing = 0;
        const all = uploads.values, isActive = all.some((upload) => upload.active);
        list.show(all, isFetchable === true);
        summarise(all);
        if (isActive) clock ||= setInterval(draw, 500);
        else clearInterval(clock), clock = 0;
    }, Limits.drawMilliseconds);
}

function changed(upload, hasEntered) {
    draw();
    if (!hasEntered || !uploads.all.has(upload.id)) return;
    if (told.includes(upload.state)) news.tell(upload, upload.words || States[upload.state].words);
    if (upload.state === 'finished' && isFetchable === null && upload.url !== null) {
        isFetchable = false;
        server.isFetchable(upload.url).then((answer) => {
            isFetchable = answer;
            draw();
        }, () => {});
    }
}

/** What the buttons of a row do, by the state they are pressed in. */
function act(upload, role) {
    if (role === 'remove') {
        const isOurs = upload.state !== 'superseded' && !upload.isElsewhere;
        const wasStored = isOurs && upload.state !== 'finished' && upload.offset > 0;
        uploads.remove(upload);
        tell(wasStored ? `“${upload.name}” is cancelled, and what the server had of it is removed.` : '');
    } else if (role === 'again') {
        upload.retryNow();
    } else if (upload.active) {
        upload.pause();
    } else if (upload.file === null || upload.state === 'changed') {
        element('files').click();
    } else {
        upload.resume();
    }
}

function actOnAll(group, role) {
    for (const upload of uploads.in(group)) {
        if (role === 'remove') uploads.remove(upload);
        else if (upload.state !== 'changed') upload.resume();
    }
    if (role === 'remove') element('files').focus();
    tell('');
}

const each = (action) => () => { for (const upload of uploads.values) action(upload); };
const retryLogin = each((upload) => { if (upload.needs === 'login') upload.retryNow(); });

element('pause-all').onclick = () => {
    each((upload) => { if (upload.active) upload.pause(); })();
    element('resume-all').hidden = false;
    element('resume-all').focus();
};
element('resume-all').onclick = () => {
    each((upload) => { if (upload.state === 'paused') upload.resume(); })();
    element('pause-all').hidden = false;
    element('pause-all').focus();
};

element('token-form').onsubmit = (event) => {
    event.preventDefault();
    token.set(element('token').value);
    element('token').value = '';
    isFetchable = null;
    each((upload) => { if (upload.needs === 'token') upload.retryNow(); })();
    draw();
};

addEventListener('online', each((upload) => upload.retryNow()));
addEventListener('focus', retryLogin);
document.addEventListener('visibilitychange', () => { if (!document.hidden) retryLogin(); });
addEventListener('beforeunload', (event) => {
    if (uploads.values.some((upload) => upload.active)) event.preventDefault();
});
addEventListener('pagehide', each((upload) => { if (upload.active) memory.save(upload); }));

uploads.onchange = changed;
uploads.onnotes = (lines) => tell(lines.slice(0, 3).join(' '));
list.open(act, actOnAll);
listen((picked) => {
    tell('');
    uploads.add(picked);
}, tell);
uploads.restore();
server.offer().then(({ sizeMax }) => {
    if (sizeMax < 1e12) element('bound').textContent = `Files of up to ${bytes(sizeMax)}.`;
}, () => {});
