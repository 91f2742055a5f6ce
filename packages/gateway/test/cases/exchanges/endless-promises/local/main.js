const again = () => Promise.resolve().then(again);
if (require('service-metadata').URI === '/loop') again();
else session.output.write('alive');
