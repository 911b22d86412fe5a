"""What strategies of cycles share: positions opened level by level, closed together, and begun anew."""
