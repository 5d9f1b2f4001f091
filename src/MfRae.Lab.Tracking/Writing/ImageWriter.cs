using MfRae.Lab.Core.Execution;
using MfRae.Lab.Core.Experiments;
using MfRae.Lab.Core.Tracking;

namespace MfRae.Lab.Tracking.Writing;

/// <summary>Copies an image from a stage's folder into the database. Of each name the latest attempt's image is kept.</summary>
internal sealed class ImageWriter(Writer writer, string stage, string folder)
{
    private static ReadOnlySpan<byte> PngSignature => [0x89, (byte)'P', (byte)'N', (byte)'G', (byte)'\r', (byte)'\n', 0x1a, (byte)'\n'];

    public void Write(long attempt, long seq, ImageEvent image)
    {
        var png = Read(image.File);
        writer.Execute(
            """
            INSERT INTO image (stage, name, attempt, seq, caption, png) VALUES (@stage, @Name, @attempt, @seq, @Caption, @png)
            ON CONFLICT (stage, name) DO UPDATE SET attempt = excluded.attempt, seq = excluded.seq, caption = excluded.caption,
              png = excluded.png
            WHERE EXISTS (
              SELECT 1 FROM attempt mine, attempt other
              WHERE mine.id = excluded.attempt AND other.id = image.attempt
                AND (mine.generation, mine.number) >= (other.generation, other.number))
            """,
            new { stage, image.Name, attempt, seq, image.Caption, png });
    }

    private byte[] Read(string file)
    {
        // The name comes from data: it must not lead out of the folder.
        if (!ArtifactName.IsName(file))
        {
            throw new LabException($"the journal of the stage {stage} names the image file \"{file}\"; only letters, digits, '.', "
                + "'_' and '-' are allowed, at most 128, and no name that Windows reserves.");
        }

        byte[] bytes;
        try
        {
            bytes = File.ReadAllBytes(Path.Combine(folder, file));
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new LabException(
                $"the journal of the stage {stage} names the image {file}, which cannot be read from {folder}: {error.Message} "
                + "Remove that folder and run again; the stage is then computed anew.",
                error);
        }

        return bytes.AsSpan().StartsWith(PngSignature)
            ? bytes
            : throw new LabException(
                $"{Path.Combine(folder, file)} is no PNG image. Remove that folder and run again; the stage is then computed anew.");
    }
}
