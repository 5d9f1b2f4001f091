using System.Globalization;
using System.Text;
using MfRae.Lab.Core;
using Spectre.Console;

namespace MfRae.Lab.Cli;

/// <summary>Where the lab writes: results to <paramref name="Out"/>, everything else to <paramref name="Error"/>.</summary>
/// <param name="Live">The same place as <paramref name="Error"/> where a person looks at it as it changes; null where lines
/// are the better form.</param>
/// <param name="Ask">Puts a question that is answered by yes or no to the person at the terminal; null where nobody can answer.</param>
/// <param name="Width">Characters of a line of <paramref name="Out"/> where a person reads it; null: lines may be as long as they are.</param>
public sealed record Terminal(TextWriter Out, TextWriter Error, IAnsiConsole? Live, int? Width = null, Func<string, bool>? Ask = null)
{
    /// <summary><see cref="Out"/> for what people read; data for programs go there as they are.</summary>
    public TextWriter Text { get; } = new PrintableWriter(Out);

    public TextWriter Error { get; } = new PrintableWriter(Error);

    /// <summary>The process's own streams. NO_COLOR is honoured by the console library, CI here.</summary>
    public static Terminal OfProcess()
    {
        var watched = !Console.IsErrorRedirected && string.IsNullOrEmpty(System.Environment.GetEnvironmentVariable("CI"));
        // A terminal that does not tell its width says zero.
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
/// Text for people. Names, notes and errors in it come from files and databases of anybody: what cannot be seen is written as \uXXXX,
/// so that nothing moves the cursor of a terminal or turns the direction of its text. Line ends and tabulators stay.
/// </summary>
public sealed class PrintableWriter(TextWriter inner) : TextWriter(CultureInfo.InvariantCulture)
{
    public override Encoding Encoding => inner.Encoding;

    /// <summary>The same of a text at hand.</summary>
    public static string Clean(string text)
    {
        using var cleaned = new StringWriter(CultureInfo.InvariantCulture);
        using var writer = new PrintableWriter(cleaned);
        writer.Write(text);
        return cleaned.ToString();
    }

    public override void Write(char value)
    {
        if (value is '\n' or '\r' or '\t' || !PrintableText.IsHidden(value))
            inner.Write(value);
        else
            inner.Write(string.Create(CultureInfo.InvariantCulture, $"\\u{(int)value:x4}"));
    }

    public override void Write(string? value)
    {
        foreach (var character in value ?? "")
            Write(character);
    }

    public override void Write(char[] buffer, int index, int count)
    {
        foreach (var character in buffer.AsSpan(index, count))
            Write(character);
    }

    public override void Flush() => inner.Flush();
}
