// A page that leaves verifying to a worker.
const worker = new Worker(new URL("./main.js", import.meta.url), { type: "module" });
worker.onmessage = ({ data }) => { document.title = data; };
worker.onerror = (event) => { document.title = `worker: ${event.message}`; };
