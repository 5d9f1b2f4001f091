namespace MfRae.Lab.Learning.Formats;

/// <summary>The instructions of pickles that are read, and names for those that are not (Python's pickletools has all).</summary>
internal static class PickleCode
{
    public const byte Protocol = 0x80;
    public const byte Frame = 0x95;
    public const byte Stop = (byte)'.';
    public const byte Mark = (byte)'(';

    public const byte None = (byte)'N';
    public const byte True = 0x88;
    public const byte False = 0x89;
    public const byte Int32 = (byte)'J';
    public const byte Int8 = (byte)'K';
    public const byte Int16 = (byte)'M';
    public const byte Long = 0x8a;
    public const byte Float = (byte)'G';
    public const byte Text = (byte)'X';
    public const byte ShortText = 0x8c;
    public const byte LongText = 0x8d;

    // Texts of Python 2.
    public const byte BytesText = (byte)'T';
    public const byte ShortBytesText = (byte)'U';

    public const byte Bytes = (byte)'B';
    public const byte ShortBytes = (byte)'C';
    public const byte LongBytes = 0x8e;
    public const byte ByteArray = 0x96;

    public const byte Put = (byte)'q';
    public const byte LongPut = (byte)'r';
    public const byte Memoize = 0x94;
    public const byte Get = (byte)'h';
    public const byte LongGet = (byte)'j';

    public const byte EmptyDictionary = (byte)'}';
    public const byte EmptyList = (byte)']';
    public const byte EmptyTuple = (byte)')';
    public const byte Tuple = (byte)'t';
    public const byte Tuple1 = 0x85;
    public const byte Tuple2 = 0x86;
    public const byte Tuple3 = 0x87;
    public const byte Append = (byte)'a';
    public const byte Appends = (byte)'e';
    public const byte SetItem = (byte)'s';
    public const byte SetItems = (byte)'u';
    public const byte EmptySet = 0x8f;
    public const byte AddItems = 0x90;
    public const byte FrozenSet = 0x91;

    public const byte Global = (byte)'c';
    public const byte StackGlobal = 0x93;
    public const byte PersistentId = (byte)'Q';
    public const byte Reduce = (byte)'R';
    public const byte Build = (byte)'b';
    public const byte NewObject = 0x81;
    public const byte NewObjectWithKeywords = 0x92;

    /// <summary>An instruction for a message.</summary>
    public static string NameOf(byte code) => code switch
    {
        (byte)'i' => "the pickle instruction INST, which makes an object of a class",
        (byte)'o' => "the pickle instruction OBJ, which makes an object of a class",
        0x82 or 0x83 or 0x84 => "the pickle instruction EXT, which names something registered in Python",
        (byte)'P' => "the pickle instruction PERSID",
        _ => $"the pickle instruction 0x{code:x2}",
    };
}
