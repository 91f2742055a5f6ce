const thrown = (action) => { try { return action(); } catch (error) { return `${error.name}: ${error.message}`; } };
session.input.readAsBuffers((error, buffers) => {
  const more = new Buffers([Buffer.from('abc'), Buffer.from('def')]);
  more.push(Buffer.from('ghi'));
  const removed = more.splice(2, 2, Buffer.from('--'));
  const target = Buffer.alloc(4);
  const copied = more.copy(target, 1, 0, 2);
  const ab = Buffer('ab');
  session.output.write({
    input: [buffers instanceof Buffers, Buffers.isBuffers(buffers), buffers.length, buffers.toString(), buffers.toString('hex', 0, 2), buffers.slice(1, 3).toString(), buffers.get(0), buffers.indexOf('put')],
    more: [more.toString(), removed.toString(), copied, target.toString('latin1'), more.length, thrown(() => more.push('text'))],
    buffer: [new Buffer('ab').toString('hex'), Buffer('6162', 'hex').toString(), new Buffer([1, 2, 256]).toJSON().data, new Buffer(3).length, Buffer.from(Buffer.from('x')).toString(), ab.slice(1).toString(), (() => { ab.slice(0, 1)[0] = 122; return ab.toString(); })(), Buffer.concat([Buffer.from('a'), Buffer.from('b')], 1).toString(), Buffer.byteLength('ä'), Buffer.isBuffer(new Uint8Array(1)), Buffer.from('ä', 'latin1').toString('base64'), Buffer.compare(Buffer.from('a'), Buffer.from('b')), Buffer.from([1, 2, 3, 4]).readUInt32BE(0), Buffer.from('abcabc').lastIndexOf('b'), Buffer.from('abc').map((each) => each + 1).toString(), Buffer.alloc(3, 'xy').toString(), thrown(() => Buffer.from(5)), thrown(() => Buffer.alloc(-1))],
    sub: (() => { class Sub extends Buffer {} return new Sub(2).length; })(),
  });
});
