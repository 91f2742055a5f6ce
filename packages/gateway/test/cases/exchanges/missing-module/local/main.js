require('./nowhere.js');
