using System.Text;

namespace MfRae.Lab.Core.Experiments;

/// <summary>An experiment file, or one that it extends, as somebody wrote it: with its comments and in its order.</summary>
/// <param name="Path">As messages name it: relative to the working directory where it lies below it.</param>
/// <param name="Text">Its text, or the first <see cref="MostBytes"/> of it.</param>
/// <param name="Omitted">Bytes that follow and are not kept.</param>
public sealed record WrittenFile(string Path, string Text, long Omitted = 0)
{
    /// <summary>Of each file. None that a person wrote is longer; one that a program wrote must not fill the database.</summary>
    public const int MostBytes = 1 << 20;

    /// <param name="content">UTF-8, with or without its mark.</param>
    public static WrittenFile Of(string path, ReadOnlySpan<byte> content)
    {
        var text = content.StartsWith(Encoding.UTF8.Preamble) ? content[Encoding.UTF8.Preamble.Length..] : content;
        var kept = Math.Min(text.Length, MostBytes);
        // Between two characters: the bytes after the first of a character begin with 10.
        while (kept < text.Length && kept > 0 && (text[kept] & 0xC0) == 0x80)
        {
            kept--;
        }

        return new(path, Encoding.UTF8.GetString(text[..kept]), text.Length - kept);
    }
}
