-- Run once, when the volume is new. The registry's database is made by the image.
CREATE DATABASE delivery OWNER hub;
