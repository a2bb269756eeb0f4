"""What commands say, as data that formats print."""
