using System.Globalization;
using System.Text;
using MfRae.Lab.Core;
using Spectre.Console;

namespace MfRae.Lab.Cli;

/// <summary>The output of the lab: results go to <paramref name="Out"/>, everything else to <paramref name="Error"/>.</summary>
/// <param name="Out">Standard output.</param>
/// <param name="Error">Standard error.</param>
/// <param name="Live">A console on <paramref name="Error"/> for output that changes in place; null if progress is written as lines.</param>
/// <param name="Width">The number of characters in a line of <paramref name="Out"/>; null if the length of lines is not limited.</param>
/// <param name="Ask">Asks the person at the terminal a yes-or-no question; null if there is nobody to ask.</param>
public sealed record Terminal(TextWriter Out, TextWriter Error, IAnsiConsole? Live, int? Width = null, Func<string, bool>? Ask = null)
{
    /// <summary><see cref="Out"/> for text that people read. Data for programs is written to <see cref="Out"/> directly.</summary>
    public TextWriter Text { get; } = new PrintableWriter(Out);

    /// <summary>Standard error, without hidden characters.</summary>
    public TextWriter Error { get; } = new PrintableWriter(Error);

    /// <summary>The streams of this process. The console library reads NO_COLOR; this method reads CI.</summary>
    public static Terminal OfProcess()
    {
        var watched = !Console.IsErrorRedirected && string.IsNullOrEmpty(System.Environment.GetEnvironmentVariable("CI"));
        // A terminal of unknown width reports zero.
        var width = Console.IsOutputRedirected ? 0 : Console.WindowWidth;
        return new(
            Console.Out, Console.Error, watched ? OnError() : null, width > 0 ? width : null,
            Console.IsInputRedirected || Console.IsErrorRedirected ? null : AskOnError);
    }

    private static bool AskOnError(string question)
    {
        Console.Error.Write($"{question} [y/N] ");
        return Console.ReadLine()?.Trim().ToLowerInvariant() is "y" or "yes";
    }

    private static IAnsiConsole OnError() =>
        AnsiConsole.Create(new AnsiConsoleSettings { Out = new AnsiConsoleOutput(Console.Error) });
}

/// <summary>
/// Writes text for people. It may quote names, notes and errors from files and databases of any origin, so hidden characters are written
/// as \uXXXX: they could move the cursor or change the text direction. Line breaks and tabs are kept.
/// </summary>
public sealed class PrintableWriter(TextWriter inner) : TextWriter(CultureInfo.InvariantCulture)
{
    /// <inheritdoc/>
    public override Encoding Encoding => inner.Encoding;

    /// <summary>Replaces the hidden characters of a text.</summary>
    public static string Clean(string text)
    {
        using var cleaned = new StringWriter(CultureInfo.InvariantCulture);
        using var writer = new PrintableWriter(cleaned);
        writer.Write(text);
        return cleaned.ToString();
    }

    /// <inheritdoc/>
    public override void Write(char value)
    {
        if (value is '\n' or '\r' or '\t' || !PrintableText.IsHidden(value))
            inner.Write(value);
        else
            inner.Write(string.Create(CultureInfo.InvariantCulture, $"\\u{(int)value:x4}"));
    }

    /// <inheritdoc/>
    public override void Write(string? value)
    {
        foreach (var character in value ?? "")
            Write(character);
    }

    /// <inheritdoc/>
    public override void Write(char[] buffer, int index, int count)
    {
        foreach (var character in buffer.AsSpan(index, count))
            Write(character);
    }

    /// <inheritdoc/>
    public override void Flush() => inner.Flush();
}
