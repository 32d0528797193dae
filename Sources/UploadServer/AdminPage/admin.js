// What goes on in the server, as it does.

import { Watch, ask } from './watch.js';
import { coming } from './coming.js';
import { ended } from './ended.js';
import { element, setText } from './telling.js';
import { figures } from './figures.js';
import { token } from './token.js';

const drawMilliseconds = 250;
/** Of files that are on their way a list is asked for so often at least. */
const lookMilliseconds = 10_000;

let drawn = 0;

/** Draws soon, and not while nobody looks. */
function draw() {
    requestAnimationFrame((time) => {
        if (time - drawn >= drawMilliseconds) {
            drawn = time;
            coming.show();
            ended.show();
            document.title = coming.count > 0 ? `${coming.count} coming in · Sluice` : 'Sluice';
        }
        draw();
    });
}

function setState(text, tone) {
    setText(element('state'), text);
    element('state').className = `state ${tone}`;
}

function setNotice(text) {
    element('notice').hidden = text === '';
    setText(element('notice'), text);
}

async function recall(states = ['finished', 'failed', 'expired']) {
    for (const state of states) {
        const answer = await ask('GET', `uploads?state=${state}&limit=100`);
        for (const upload of (await answer.json()).uploads) ended.recall(upload);
    }
}

let delivered = null, looked = -Infinity;

/** Files that were on their way may be there: a list says so. */
async function follow(delivery) {
    ended.carry(delivery.sending);
    const isDue = delivery.delivered !== delivered || performance.now() - looked > lookMilliseconds;
    if (!isDue || !ended.hasWaiting) return;
    [delivered, looked] = [delivery.delivered, performance.now()];
    await recall(['finished']);
    ended.carry(delivery.sending);
}

const tellMistake = (error) => setNotice(error.message);

const on = {
    live() {
        setNotice('');
        element('token-form').hidden = true;
        document.body.classList.remove('unknown');
        figures.restart();
        recall().catch(tellMistake);
    },

    lost(sentence) {
        element('token-form').hidden = !token.isWanted;
        // Of a server that has told nothing the page says nothing either.
        document.body.classList.toggle('unknown', token.isWanted);
        setText(element('token-label'), token.isRefused
            ? 'The server does not take this token. It wants one with the scope admin:'
            : 'The server asks who you are. A token with the scope admin:');
        setState(token.isWanted ? 'Not signed in' : 'Not connected', 'warn');
        setNotice(token.isWanted ? '' : `${sentence} Trying again …`);
    },

    event(kind, data) {
        switch (kind) {
        case 'overview':
            figures.show(data);
            if (data.delivery !== null) follow(data.delivery).catch(tellMistake);
            setState(data.ready ? 'Takes uploads' : `Takes no uploads: ${data.obstacle}`, data.ready ? 'good' : 'bad');
            break;
        case 'progress': coming.take(data); break;
        case 'created': break;
        case 'missed': recall().catch(tellMistake); break;
        case 'finished': case 'failed': case 'expired': case 'deleted':
            coming.leave(data.upload.id);
            ended.take(kind, data.upload, Date.parse(data.time));
        }
    },
};

const watch = new Watch('events?overview=1', on);

function cancel(upload) {
    setText(element('sure-name'), upload.name);
    const dialog = element('sure');
    dialog.returnValue = 'keep';
    dialog.showModal();
    dialog.onclose = async () => {
        if (dialog.returnValue !== 'cancel') return;
        upload.isLeaving = true;
        try {
            await ask('DELETE', `uploads/${upload.id}`);
            coming.leave(upload.id);
            setText(element('news'), `${upload.name} was cancelled.`);
        } catch (error) {
            upload.isLeaving = false;
            setNotice(`${upload.name} was not cancelled. ${error.message}`);
        }
    };
}

element('token-form').onsubmit = (event) => {
    event.preventDefault();
    token.set(element('token').value);
    element('token').value = '';
    watch.again();
};
setText(element('place'), location.host);
coming.open(cancel);
ended.open();
figures.open();
draw();
watch.run();
