// The service in JavaScript.
async function handle(request) {
  const { pathname, search } = new URL(request.url);
  switch (pathname) {
    case '/': return new Response('hello\n', { headers: { 'content-type': 'text/plain' } });
    case '/echo': return new Response(request.body);
    case '/fields': {
      const found = [...request.headers].filter(([name]) => name.startsWith('x-')).sort();
      const pairs = found.map(pair => `[${pair.map(text => JSON.stringify(text)).join(', ')}]`);
      return new Response(`[${pairs.join(', ')}]`, { headers: { 'x-count': `${found.length}` } });
    }
    case '/ask': {
      const response = await fetch(`http://${search.slice(1)}/`);
      return new Response(response.body, { status: response.status });
    }
    case '/fail': throw new Error('a mistake');
    default: return new Response('nothing here\n', { status: 404 });
  }
}

addEventListener('fetch', event => event.respondWith(handle(event.request)));
