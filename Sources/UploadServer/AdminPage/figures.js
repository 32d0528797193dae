// How the server is: rates, disk, connections, queues.

import { Plot } from './plot.js';
import { bytes, count, duration, plural } from './words.js';
import { clock, element, moment, setBar, setText } from './telling.js';

const names = ['received', 'finished', 'requests', 'errors', 'carried'];
/** A number of few things a second: none is not 0.0. */
const few = (rate) => rate <= 0 ? '0' : rate < 10 ? rate.toFixed(rate < 0.1 ? 2 : 1) : count(Math.round(rate));
const plots = {};
const hour = Object.fromEntries(names.map((name) => [name, []]));
const facts = new Map();
let last = null;  // totals, and when they were told

/** A line of the facts. */
function setFact(name, text, tone = '') {
    let node = facts.get(name);
    if (node === undefined) {
        const term = document.createElement('dt');
        term.textContent = name;
        node = document.createElement('dd');
        element('facts').append(term, node);
        facts.set(name, node);
    }
    setText(node, text);
    node.className = tone;
}

function showDisk(disk) {
    element('disk').hidden = disk === null || disk.size <= 0;
    if (element('disk').hidden) return setFact('Disk', 'does not answer', 'bad');
    const used = 1 - disk.free / disk.size;
    const isShort = disk.free < Math.max(disk.ready_free, disk.reserve + 1), isNear = disk.free < disk.size / 10;
    const words = `${bytes(disk.free)} free of ${bytes(disk.size)}`;
    element('disk').className = `disk ${isShort ? 'bad' : isNear ? 'warn' : ''}`;
    setText(element('disk-words'), disk.reserve > 0 ? `${words}, ${bytes(disk.reserve)} kept in reserve` : words);
    setBar(element('disk-bar'), used, words);
    facts.get('Disk')?.previousElementSibling.remove();
    facts.get('Disk')?.remove();
    facts.delete('Disk');
}

function queue(target) {
    const node = document.createElement('li'), name = document.createElement('bdi'), words = document.createElement('p');
    name.textContent = target.target;
    const age = target.oldest === null ? 0 : (Date.now() - Date.parse(target.oldest)) / 1000;
    const waiting = target.delivery ? plural(target.waiting, 'file') : count(target.waiting);
    const parts = target.ended ? ['wants nothing more (410)']
        : [target.waiting === 0 ? 'nothing waits' : `${waiting} waiting`];
    if (target.waiting > 0 && age >= 1) parts.push(`the oldest for ${duration(age)}`);
    parts.push(`${count(target.taken)} ${target.delivery ? 'delivered' : 'taken'}`);
    if (target.failures > 0) parts.push(`${plural(target.failures, 'failed attempt')}`);
    if (target.given_up > 0) parts.push(`${count(target.given_up)} given up`);
    words.textContent = parts.join(' · ');
    // A large file takes its time: what matters is whether it fails.
    const isSlow = target.delivery ? target.waiting > 0 && failedLately(target) : age > 15;
    node.className = target.ended || isSlow && age > 300 ? 'bad' : isSlow ? 'warn' : 'good';
    node.append(name, words);
    if (target.waiting > 0 && failedLately(target)) {
        const reason = document.createElement('p');
        reason.textContent = `Last failure at ${clock(Date.parse(target.last_failure.time))}: ${target.last_failure.reason}`;
        node.append(reason);
    }
    return node;
}

/** Attempts come every fifteen minutes at least. */
const failedLately = ({ last_failure: last }) => last !== null && Date.now() - Date.parse(last.time) < 20 * 60e3;

function showQueues(events) {
    element('queues').replaceChildren(...events.targets.map(queue));
    element('queues-none').hidden = events.targets.length > 0;
    if (events.dropped > 0) setFact('Events dropped', count(events.dropped), 'bad');
    if (events.given_up > 0 || facts.has('Events given up')) {
        setFact('Events given up', count(events.given_up), events.given_up > 0 ? 'bad' : '');
    }
}

/** What came since the last word of the server, a second. */
function rates(totals, time) {
    const seconds = last === null ? 0 : (time - last.time) / 1000;
    const now = Object.fromEntries(names.map((name) =>
        [name, seconds > 0.5 ? Math.max(0, totals[name] - last.totals[name]) / seconds : 0]));
    last = { totals, time };
    return now;
}

export const figures = {
    open() {
        plots.received = new Plot('Coming in', (rate) => rate < 1 ? '0 kB/s' : `${bytes(Math.round(rate))}/s`);
        plots.finished = new Plot('Files finished', (rate) => `${few(rate)}/s`, 'good');
        plots.requests = new Plot('Requests', (rate) => `${few(rate)}/s`, 'plain');
        plots.errors = new Plot('Server errors', (rate) => `${few(rate)}/s`, 'bad');
    },

    /** What only a server has that brings files elsewhere. */
    openDelivery() {
        plots.carried ??= new Plot('Being delivered', (rate) => rate < 1 ? '0 kB/s' : `${bytes(Math.round(rate))}/s`);
    },

    /** A new connection tells everything again, and perhaps a new process does. */
    restart() {
        last = null;
        for (const name of names) hour[name] = [];
    },

    show(told) {
        if (told.delivery !== null) this.openDelivery();
        const now = rates(told.totals, Date.parse(told.time)), { seconds } = told.hour, room = 3600 / seconds;
        for (const name of names) {
            hour[name] = [...hour[name], ...told.hour[name].map((number) => number / seconds)].slice(-room);
            plots[name]?.show(hour[name], room, seconds, now[name]);
        }
        showDisk(told.disk);
        const isFull = told.open >= told.open_limit;
        setFact('Unfinished uploads', `${count(told.open)} of at most ${count(told.open_limit)}`, isFull ? 'bad' : '');
        setFact('Connections', `${count(told.connections)} of at most ${count(told.connections_limit)}`);
        setFact('Running since', moment(told.started));
        showQueues(told.events);
    },
};
