const urlopen = require('urlopen');
urlopen.open({ target: '{{backend}}/opened', method: 'POST', data: { sent: true }, headers: { 'X-Mine': 'yes' }, timeout: 5 }, (error, response) => {
  if (error) throw error;
  response.readAsBuffer((problem, bytes) => {
    urlopen.open('local:///none.txt', (e, missing) => {
      urlopen.open('http://127.0.0.1:1/', (unreachable) => {
        session.output.write({ status: response.statusCode, type: response.get('content-type'), body: bytes.toString(), missing: missing.statusCode, unreachable: unreachable instanceof Error });
      });
    });
  });
});
