using System.Buffers;

namespace MfRae.Lab.Reporting.Data;

/// <summary>Commands for readers to run.</summary>
internal static class ShellCommand
{
    // What means something between double quotes: to every shell of POSIX, and `!` to an interactive one.
    private static readonly SearchValues<char> Special = SearchValues.Create("\"\\$`!");

    /// <summary>The command that asks the database.</summary>
    public static string Query(string sql) => $"dotnet run -- query {Word(sql)}";

    /// <summary>
    /// One word for a shell of POSIX. In double quotes where nothing in it means anything there, since SQL is full of single ones;
    /// else in single quotes, between which nothing does.
    /// </summary>
    public static string Word(string text) => text.AsSpan().ContainsAny(Special)
        ? $"'{text.Replace("'", "'\\''", StringComparison.Ordinal)}'"
        : $"\"{text}\"";
}
