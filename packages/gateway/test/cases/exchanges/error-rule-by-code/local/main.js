if (require('service-metadata').URI === '/reject') session.reject('no');
else throw new Error('other');
